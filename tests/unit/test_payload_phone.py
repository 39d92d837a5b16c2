"""What a reveal's answer says of phone numbers, in shapes that nobody documents: number, country, type, finder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from enrichment.settlement import settlement
from sources.clodura import payload
from sources.providers import Channel, Outcome, Reading, Via

ME = "3597524184265130552"
OTHER = "2389402640191586304"
JOB = "65f1c0ffee65f1c0ffee0001"
CELL, CELL_AS_WRITTEN = "+919876543210", "+91 98765 43210"
DESK, DESK_AS_WRITTEN = "+912026053210", "020 2605 3210"
WHO = {"personId": ME, "firstName": "Kapil", "lastName": "Khangaonkar"}
DONE = {"trackingId": JOB, "status": "success"}

Told = Mapping[str, str | None]


def read(document: object, plan: str, via: Via = Via.WEBHOOK) -> Reading:
    return payload.read(json.dumps(document).encode(), Channel.PHONE, plan, {"personId": ME}, JOB, via)


def told(reading: Reading, country: str | None = "India") -> Told:
    """Number: finder, as the ledger would keep it."""
    return {phone.number: phone.found_by for phone in settlement(reading, country).phones}


def row(provider: str, status: str | None, *numbers: object) -> dict[str, object]:
    return {"provider": provider, "status": status, "phoneNumbers": list(numbers)}


MULTI: dict[str, tuple[Any, Told]] = {
    "beside the job": ({**DONE, "phone": CELL, "provider": "Wiza"}, {CELL: "Wiza"}),
    "rows at the top": ([row("Clodura", "notFound"), row("Wiza", "found", CELL_AS_WRITTEN)], {CELL: "Wiza"}),
    "rows in data": ({**DONE, "data": {"providers": [row("Wiza", "found", CELL, DESK_AS_WRITTEN)]}}, {CELL: "Wiza", DESK: "Wiza"}),
    "snake case": (
        {"tracking_id": JOB, "job_status": "success", "results": [{"provider_name": "Wiza", "phone_number": CELL, "provider_status": "FOUND"}]},
        {CELL: "Wiza"},
    ),
    "title case": ({"Tracking ID": JOB, "Status": "success", "Results": [{"Provider": "Wiza", "Phone Number": CELL}]}, {CELL: "Wiza"}),
    "keyed by providers": ({**DONE, "providers": {"Clodura": None, "Wiza": {"phones": [CELL]}}}, {CELL: "Wiza"}),
    "keyed by providers, one of them unknown": (
        {**DONE, "results": {"SignalHire": {"status": "notFound"}, "Zeliq": {"status": "found", "numbers": [CELL]}}},
        {CELL: "Zeliq"},
    ),
    "a list for each provider": ({**DONE, "phones": {"Wiza": [CELL_AS_WRITTEN, DESK_AS_WRITTEN], "Clodura": []}}, {CELL: "Wiza", DESK: "Wiza"}),
    "a number or a word for each provider": ({**DONE, "providers": {"Clodura": "notFound", "Wiza": CELL}}, {CELL: "Wiza"}),
    "national numbers for each provider": ({**DONE, "results": {"Wiza": "098765 43210", "Clodura": "notFound"}}, {CELL: "Wiza"}),
    "numbers, with the rows' words apart": (
        {**DONE, "phoneNumbers": [CELL], "providers": [row("Clodura", "notFound"), row("Wiza", "found")]},
        {CELL: "Wiza"},
    ),
    "numbers and words in two maps": ({**DONE, "phones": {"Wiza": CELL}, "statuses": {"Clodura": "notFound", "Wiza": "found"}}, {CELL: "Wiza"}),
    "triples": ({**DONE, "phones": [["Clodura", "notFound", []], ["Wiza", "found", [CELL, DESK_AS_WRITTEN]]]}, {CELL: "Wiza", DESK: "Wiza"}),
    "columns side by side": ({**DONE, "phones": [CELL, DESK_AS_WRITTEN], "providers": ["Wiza", "Lusha"]}, {CELL: "Wiza", DESK: "Lusha"}),
    "keyed by number": ({**DONE, "numbers": {CELL_AS_WRITTEN: {"type": "mobile", "provider": "Wiza"}}}, {CELL: "Wiza"}),
    "keyed by number, without a plus": ({**DONE, "phones": {"9876543210": "Wiza"}}, {CELL: "Wiza"}),
    "whole numbers": ({**DONE, "data": [{"vendor": "Wiza", "mobile": 919876543210}]}, {CELL: "Wiza"}),
    "whole national numbers": ({**DONE, "data": [{"vendor": "Wiza", "mobile": 9876543210}]}, {CELL: "Wiza"}),
    "code and number apart": (
        {**DONE, "data": [{"source": "Wiza", "phone": {"countryCode": "+91", "number": "9876543210"}}]},
        {CELL: "Wiza"},
    ),
    "code and number apart, both whole": (
        {**DONE, "data": [{"source": "Wiza", "phones": [{"country_code": 91, "national_number": 9876543210}]}]},
        {CELL: "Wiza"},
    ),
    "an ISO code beside": ({**DONE, "phones": [{"number": "2026053210", "countryIso": "IN", "foundBy": "Wiza"}]}, {DESK: "Wiza"}),
    "in three writings": (
        {**DONE, "phone": {"e164": CELL, "international": CELL_AS_WRITTEN, "national": "098765 43210", "provider": "Wiza"}},
        {CELL: "Wiza"},
    ),
    "the answer of each provider whole": (
        {**DONE, "waterfall": [{"vendor": "Wiza", "response": {"status": "found", "data": {"phones": [{"value": CELL}]}}}]},
        {CELL: "Wiza"},
    ),
    "grouped by status": ({**DONE, "found": [{"provider": "Wiza", "number": CELL}], "notFound": ["Clodura", "SignalHire"]}, {CELL: "Wiza"}),
    "people, rows below": ({"pagination": {}, "people": [{**WHO, **DONE, "phone": [row("Wiza", "found", CELL)]}]}, {CELL: "Wiza"}),
    "the provider below": ({**DONE, "phones": [{"number": CELL, "meta": {"provider": {"name": "Wiza"}}}]}, {CELL: "Wiza"}),
    "contacts of both kinds": (
        {**DONE, "contacts": [{"type": "email", "value": "k@clodura.ai"}, {"type": "phone", "value": "9876543210", "source": "Wiza"}]},
        {CELL: "Wiza"},
    ),
    "unknown finders": ({**DONE, "phoneNumbers": [CELL, DESK_AS_WRITTEN]}, {CELL: None, DESK: None}),
}  # fmt: skip

STANDARD: dict[str, tuple[Any, list[str]]] = {
    "a field": ({**WHO, "phone": CELL}, [CELL]),
    "a list": ([{**WHO, "phones": [CELL_AS_WRITTEN, DESK_AS_WRITTEN]}], [CELL, DESK]),
    "in data": ({"data": {**WHO, "phoneNumbers": [{"value": CELL}]}}, [CELL]),
    "in people": ({"people": [{**WHO, "mobilePhone": CELL}]}, [CELL]),
    "snake case": ({"person_id": ME, "phone_number": CELL, "direct_dial": DESK_AS_WRITTEN}, [CELL, DESK]),
    "title case": ({"Person ID": ME, "Mobile Number": CELL, "Direct Dial": DESK_AS_WRITTEN}, [CELL, DESK]),
    "by kind": ({**WHO, "phone": {"mobile": "098765 43210", "work": DESK_AS_WRITTEN}}, [CELL, DESK]),
    "by kind, in contact": ({**WHO, "contactInfo": {"mobile": CELL, "work": DESK_AS_WRITTEN, "home": None}}, [CELL, DESK]),
    "by kind, in lists": ({**WHO, "phones": {"mobile": [{"number": CELL}], "office": [DESK_AS_WRITTEN]}}, [CELL, DESK]),
    "numbered": ({**WHO, "phone1": CELL, "phone2": DESK_AS_WRITTEN, "phone3": ""}, [CELL, DESK]),
    "several in one text": ({**WHO, "phones": f"{CELL_AS_WRITTEN}; {DESK_AS_WRITTEN}"}, [CELL, DESK]),
    "several with slashes": ({**WHO, "phones": f"{CELL_AS_WRITTEN} / {DESK_AS_WRITTEN}"}, [CELL, DESK]),
    "with kinds in the text": ({**WHO, "phones": [f"Mobile: {CELL_AS_WRITTEN}", f"{DESK_AS_WRITTEN} (office)"]}, [CELL, DESK]),
    "an extension": ({**WHO, "phone": "+91 20 2605 3210 ext. 42"}, [DESK]),
    "an extension, short": ({**WHO, "phone": "020 2605 3210 x42"}, [DESK]),
    "an extension in a URI": ({**WHO, "phone": "tel:+91-20-2605-3210;ext=42"}, [DESK]),
    "an extension in its own field": ({**WHO, "phone": {"number": DESK_AS_WRITTEN, "extension": "1234567"}}, [DESK]),
    "dialled with 00": ({**WHO, "phone": "0091 98765 43210"}, [CELL]),
    "brackets and dots": ({**WHO, "phone": "(020) 2605.3210"}, [DESK]),
    "a zero in brackets": ({**WHO, "phone": "+91 (0)20 2605 3210"}, [DESK]),
    "dashes that are not hyphens": ({**WHO, "phone": "+91\u201398765\u201143210"}, [CELL]),
    "wide digits": ({**WHO, "phone": "＋９１ ９８７６５ ４３２１０"}, [CELL]),
    "characters that cannot be seen": ({**WHO, "phone": "\u202a+91 98765 43210\u202c\ufeff"}, [CELL]),
    "blanks that do not break": ({**WHO, "phone": "+91\u00a098765\u202f43210"}, [CELL]),
    "a whole number": ({**WHO, "mobile": 919876543210}, [CELL]),
    "numbers keyed": ({**WHO, "numbers": {CELL: {"type": "mobile"}, DESK_AS_WRITTEN: {"type": "work"}}}, [CELL, DESK]),
    "pairs": ({**WHO, "phones": [[CELL, "mobile"], ["work", DESK_AS_WRITTEN]]}, [CELL, DESK]),
    "code and number apart": ({**WHO, "phoneCountryCode": "+91", "phoneNumber": "98765 43210"}, [CELL]),
    "the same twice": ({**WHO, "phone": CELL, "phones": [{"number": CELL_AS_WRITTEN, "type": "mobile"}]}, [CELL]),
    "contact number": ({**WHO, "contactNo": "9876543210", "whatsapp": DESK_AS_WRITTEN}, [CELL, DESK]),
    "deeply nested": ({"result": {"body": [{"contact": {"channels": {"phone": {"items": [{"value": {"raw": CELL}}]}}}}]}}, [CELL]),
    "an address beside": ({**WHO, "email": "k@clodura.ai", "phone": CELL}, [CELL]),
}  # fmt: skip


@pytest.mark.parametrize("via", [Via.WEBHOOK, Via.POLL, Via.SUBMIT])
@pytest.mark.parametrize(("document", "expected"), MULTI.values(), ids=MULTI)
def test_multi_provider_shapes(document: Any, expected: Told, via: Via) -> None:
    reading = read(document, "multi_provider", via)
    assert told(reading) == expected
    assert reading.outcome is Outcome.FOUND


@pytest.mark.parametrize("via", [Via.WEBHOOK, Via.POLL, Via.SUBMIT])
@pytest.mark.parametrize(("document", "expected"), STANDARD.values(), ids=STANDARD)
def test_standard_shapes(document: Any, expected: list[str], via: Via) -> None:
    reading = read(document, "standard", via)
    assert sorted(told(reading)) == sorted(expected)
    assert reading.outcome is Outcome.FOUND


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({**WHO, "phones": [{"number": CELL, "type": "Mobile"}]}, "Mobile"),
        ({**WHO, "phones": [[CELL, "mobile"]]}, "mobile"),
        ({**WHO, "mobilePhone": CELL}, "mobile"),
        ({**WHO, "phones": {"work": [{"number": CELL}]}}, "work"),
        ({**WHO, "numbers": {CELL: "mobile"}}, "mobile"),
        ({**WHO, "numbers": {CELL: {"line_type": "landline"}}}, "landline"),
        ({**WHO, "direct_dial": CELL}, "direct"),
        ({**WHO, "phone": CELL}, None),
    ],
    ids=str,
)
def test_the_kind_of_a_number(document: dict[str, Any], kind: str | None) -> None:
    (phone,) = read(document, "standard").phones
    assert phone.type_raw == kind


@pytest.mark.parametrize(
    ("document", "country"),
    [
        ({"phone": {"number": "9876543210", "countryCode": "+91"}}, "+91"),
        ({"phone": {"number": "9876543210", "country_code": 91}}, "91"),
        ({"phone": {"number": "9876543210", "country": "India"}}, "India"),
        ({"phone": {"number": "9876543210", "dialCode": "91"}}, "91"),
        ({"phoneNumber": "9876543210", "phoneCountryCode": "IN"}, "IN"),
        ({"phones": ["9876543210"], "isdCode": "+91"}, "+91"),
        ({"phones": {"9876543210": {"country": "IN"}}}, "IN"),
        ({"phone": {"number": "9876543210", "country": {"name": "India", "code": "IN"}}}, "India"),
        ({"phone": "9876543210", "code": 200}, None),
        ({"phone": "9876543210"}, None),
    ],
    ids=str,
)
def test_the_country_beside_a_number(document: dict[str, Any], country: str | None) -> None:
    (phone,) = read({**WHO, **document}, "standard").phones
    assert phone.country == country


NO_NUMBERS: dict[str, dict[str, Any]] = {
    "ids": {
        "id": 9876543210,
        "organizationId": "2389402640191586304",
        "contactId": "9876543210",
        "crmIds": ["9876543210"],
    },
    "the tracking id": {"tracking": {"id": "123456789012"}},
    "dates": {
        "createdAt": "2026-01-15T10:20:30.000Z",
        "date": "15/01/2026",
        "updated": 1768472430,
        "time": "1768472430000",
    },
    "dates under a phone's name": {
        "phoneVerifiedAt": "2026-01-15",
        "phone_updated": 1768472430,
        "phones": ["2026-01-15", "15.01.2026"],
    },
    "a zip code": {"zip": "411045123", "postalCode": "4110451", "pinCode": 4110451},
    "credits and counts": {
        "creditsUsed": 10000000,
        "count": "1234567",
        "totalPhones": 1234567,
        "pagination": {"total": 9876543210},
    },
    "LinkedIn's numbers": {
        "linkedinId": 123456789,
        "linkedinMemberNumber": "123456789",
        "linkedin": {"member": 123456789},
    },
    "other numbers": {
        "employeeNumber": "98765432",
        "accountNumber": "9876543210",
        "vatNumber": "987654321",
        "trackingNumber": 9876543210,
    },
    "a size": {"companyEmployeeSize": "1001 - 5000", "employees": 1234567, "revenue": 1234567890},
    "an address in the net": {"ip": "192.168.100.200", "requestIp": "10.10.100.100"},
    "a version": {"version": "1.20.300.4000"},
    "a count of numbers": {"phoneCount": 1234567, "numbersFound": 2, "phoneScore": "9876543210"},
    "keys that are ids": {"people": {"98765432": {"x": 1}}},
    "a code": {"statusCode": 20000000, "errorCode": "9876543210"},
    "the employer's": {"organization": {"name": "Clodura", "phone": "+91 20 2605 3210"}},
    "the help desk's": {"support": {"phone": CELL}, "supportPhone": CELL},
    "a number in a sentence": {"message": "Call +91 98765 43210 for help.", "note": "+91 98765 43210 was not reached"},
    "a fax": {"fax": "+91 20 2605 3211"},
    "too short, too long": {"phone": "12345", "mobile": "+91 98765 43210 98765 43210"},
    "truth and nothing": {"phone": True, "mobile": None, "phones": [], "other": ""},
    "not available": {"phone": "N/A", "mobile": "-", "direct": "none"},
}


@pytest.mark.parametrize("document", NO_NUMBERS.values(), ids=NO_NUMBERS)
@pytest.mark.parametrize("plan", ["standard", "multi_provider"])
def test_what_is_no_phone_number_is_not_taken(document: dict[str, Any], plan: str) -> None:
    assert read({**WHO, **DONE, **document}, plan).phones == ()


@pytest.mark.parametrize("document", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_what_is_no_phone_number_is_not_taken_from_a_provider_either(document: dict[str, Any]) -> None:
    document = {name: value for name, value in document.items() if name not in ("organization", "support")}
    assert (
        read({**DONE, "providers": [{"provider": "Wiza", "status": "notFound", **document}]}, "multi_provider").phones
        == ()
    )


@pytest.mark.parametrize("plan", ["standard", "multi_provider"])
def test_of_several_people_only_ours_counts(plan: str) -> None:
    theirs, ours = {"personId": OTHER, "phone": DESK}, {**WHO, "phone": CELL}
    for document in ({"people": [theirs, ours]}, {**ours, "colleagues": [theirs]}, {**theirs, "colleagues": [ours]}):
        assert list(told(read(document, plan))) == [CELL], document
    assert read(theirs, plan).foreign


def test_every_provider_has_a_row_and_none_two() -> None:
    misses = [row("Clodura", "notFound"), row("SignalHire", "notFound")]
    shapes: list[Any] = [
        {**DONE, "providers": [*misses, row("Wiza", "found", CELL)]},
        {**DONE, "phones": [CELL], "providers": [*misses, row("Wiza", "found")]},
        {**DONE, "phones": [["Clodura", "notFound", None], ["SignalHire", "notFound", None], ["Wiza", "found", [CELL]]]},
        {**DONE, "providers": {"Clodura": "notFound", "SignalHire": "notFound", "Wiza": {"status": "found", "phones": [CELL]}}},
        {**DONE, "found": {"Wiza": [CELL]}, "notFound": ["Clodura", "SignalHire"]},
        {**DONE, "phones": [{"number": CELL, "provider": "Wiza", "status": "found"}], "providers": [*misses, row("Wiza", "found")]},
    ]  # fmt: skip
    for document in shapes:
        results = settlement(read(document, "multi_provider"), None).results
        assert sorted((r.provider, r.status_raw, r.value) for r in results) == [
            ("Clodura", "notFound", None),
            ("SignalHire", "notFound", None),
            ("Wiza", "found", CELL),
        ], document


def test_each_number_of_a_provider_is_a_result_of_its_own() -> None:
    results = read({**DONE, "providers": [row("Wiza", "found", CELL, DESK_AS_WRITTEN)]}, "multi_provider").results
    assert [(r.provider, r.status_raw, r.value) for r in results] == [
        ("Wiza", "found", CELL),
        ("Wiza", "found", DESK_AS_WRITTEN),
    ]
