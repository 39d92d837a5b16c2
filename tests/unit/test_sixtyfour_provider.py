"""Sixtyfour as a provider: whom it is asked about, in which batches, at what price, and what a refusal names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

import anyio
import pytest

from sources.errors import ConfigurationError
from sources.providers import Basis, Channel, Outcome, Person, Provider, Via
from sources.sixtyfour.balance import Balance, read_balance
from sources.sixtyfour.client import SixtyfourClient, make_transport
from sources.sixtyfour.provider import SixtyfourProvider
from sources.transport import NeverSent, PaidSlot

PROFILE = "https://www.linkedin.com/in/jane"
JANE = Person("p1", True, "Jane", "Doe", PROFILE, "acme.com", "Acme", "US", title="CEO", email="old@acme.com")
LEAD = {"name": "Jane Doe", "company": "Acme", "domain": "acme.com", "linkedin_url": PROFILE, "title": "CEO"}


def provider(mode: str = "PROFESSIONAL", **options: Any) -> SixtyfourProvider:
    return SixtyfourProvider(SixtyfourClient(make_transport("http://127.0.0.1:9", "a-key-of-ours")), mode, **options)


def test_it_is_a_provider() -> None:
    one: Provider = provider()
    assert (one.name, one.unit, one.proven) == ("sixtyfour", "cents", False)
    assert one.ask_verification("jane@acme.com") is None
    assert not any(SixtyfourProvider.callback_needed(channel) for channel in Channel)


@pytest.mark.parametrize(("mode", "email", "price"), [("PROFESSIONAL", "find_email", 500), ("PERSONAL", "find_personal_email", 2000)])  # fmt: skip
def test_what_can_be_bought_and_the_most_it_costs(mode: str, email: str, price: int) -> None:
    one = provider(mode)
    assert set(one.operations) == {Channel.EMAIL, Channel.PHONE}
    emails, phones = one.operations[Channel.EMAIL], one.operations[Channel.PHONE]
    assert (emails.name, emails.reserve, emails.together) == (email, price, ("mode", "verify_emails", "providers"))
    assert (phones.name, phones.reserve, phones.together) == ("find_phone", 3000, ("providers",))
    for operation in (emails, phones):
        assert (operation.batch, operation.missing_is_answer) == (100, False)
        for outcome in Outcome:
            [charge] = one.charges(operation.name, outcome)
            least = operation.reserve if outcome is Outcome.FOUND else 0
            assert (charge.kind, charge.amount_min, charge.amount_max) == (operation.name, least, operation.reserve)
            assert charge.basis is (Basis.DOCUMENTED if outcome is Outcome.FOUND else Basis.BOUNDED)


def test_settings_with_which_all_would_be_refused_are_named() -> None:
    with pytest.raises(ConfigurationError, match=r"sources.sixtyfour.mode: 'Personal' .* Did you mean 'PERSONAL'\?"):
        provider("Personal")
    with pytest.raises(ConfigurationError, match=r"sources.sixtyfour.providers: is empty"):
        provider(providers=[])
    with pytest.raises(ConfigurationError, match=r"sources.sixtyfour.verify_emails: 'yes' is not accepted"):
        provider(verify_emails="yes")


def test_a_person_is_asked_for_by_all_that_is_known() -> None:
    ask = provider("PERSONAL", verify_emails=False, providers=["one"]).ask(Channel.EMAIL, JANE)
    assert ask is not None
    assert (ask.operation, ask.subject) == ("find_personal_email", "p1")
    assert ask.parameters == {"lead": LEAD, "mode": "PERSONAL", "verify_emails": False, "providers": ["one"]}
    ask = provider().ask(Channel.EMAIL, JANE)
    assert ask is not None
    assert ask.parameters == {"lead": LEAD, "mode": "PROFESSIONAL"}
    ask = provider(verify_emails=True).ask(Channel.PHONE, JANE)
    assert ask is not None
    assert ask.parameters == {"lead": {**LEAD, "email": "old@acme.com"}}
    assert provider().ask(Channel.VERIFICATION, JANE) is None


@pytest.mark.parametrize(
    ("fields", "lead"),
    [
        ({"first_name": "Jane", "last_name": "Doe"}, None),
        ({"linkedin_url": PROFILE}, None),
        ({"company_domain": "acme.com", "organization_name": "Acme"}, None),
        ({"first_name": "Jane", "company_domain": "acme.com"}, None),
        ({"first_name": " ", "last_name": "", "linkedin_url": PROFILE}, None),
        ({"full_name": "Jane Doe"}, None),
        ({"first_name": "Jane", "linkedin_url": PROFILE}, {"name": "Jane", "linkedin_url": PROFILE}),
        ({"first_name": " Jane", "last_name": "Doe ", "company_domain": "acme.com"}, {"name": "Jane Doe", "domain": "acme.com"}),
        ({"full_name": "Jane Q. Doe", "first_name": "J", "organization_name": "Acme"}, {"name": "Jane Q. Doe", "company": "Acme"}),
        ({"full_name": "Jane\0 Doe\ud800", "organization_name": "Acme"}, {"name": "Jane Doe", "company": "Acme"}),
    ],
)  # fmt: skip
def test_who_could_be_many_is_not_asked_for(fields: dict[str, str], lead: dict[str, str] | None) -> None:
    for channel in (Channel.EMAIL, Channel.PHONE):
        ask = provider().ask(channel, Person("p1", **fields))  # type: ignore[arg-type]
        assert (ask.parameters["lead"] if ask else None) == lead


# Before anything leaves.


class Slot:
    """Notes what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Any]] = []

    async def send(self, method: str, path: str, *, json: object) -> Any:
        self.sent.append((method, path, json))
        return NeverSent("as told")


def submit(operation: str, asks: Sequence[dict[str, Any]], url: str | None = None) -> tuple[list[Any], Any]:
    slot = Slot()
    return slot.sent, anyio.run(provider().submit, cast(PaidSlot, slot), operation, asks, url)


MODE = {"mode": "PROFESSIONAL"}
ASK = {"lead": {"name": "Jane Doe", "company": "Acme"}}


@pytest.mark.parametrize(
    ("operation", "asks", "path", "body"),
    [
        ("find_email", [{**ASK, **MODE}], "/find-email-async", {**ASK, **MODE}),
        ("find_email", [ASK], "/find-email-async", ASK),
        ("find_email", [{**ASK, **MODE}] * 2, "/find-email-bulk-async", {"leads": [ASK["lead"]] * 2, **MODE}),
        ("find_personal_email", [{**ASK, "mode": "PERSONAL"}], "/find-email-async", {**ASK, "mode": "PERSONAL"}),
        ("find_phone", [ASK], "/find-phone-async", ASK),
        ("find_phone", [{**ASK, "providers": ["a"]}] * 100, "/find-phone-bulk-async", {"leads": [ASK["lead"]] * 100, "providers": ["a"]}),
    ],
)  # fmt: skip
def test_one_ask_is_a_job_and_several_are_one_together(operation: str, asks: Any, path: str, body: Any) -> None:
    assert submit(operation, asks)[0] == [("POST", path, body)]
    url = "https://hooks.example.com/hooks/sixtyfour/1/abc"
    assert submit(operation, asks, url)[0] == [("POST", path, {**body, "webhook_url": url})]


@pytest.mark.parametrize(
    ("operation", "asks", "said"),
    [
        ("find_email", [{**ASK, **MODE}, {**ASK, "mode": "PERSONAL"}], "must have the same options"),
        ("find_email", [{**ASK, "verify_emails": False}, ASK], "must have the same options"),
        ("find_email", [{**ASK, "mode": "PERSONAL"}], "of another operation"),
        ("find_personal_email", [{**ASK, **MODE}], "of another operation"),
        ("find_personal_email", [ASK], "of another operation"),
        ("find_email", [{**ASK, "mode": ["PERSONAL"]}], "of another operation"),
        ("find_phone", [{**ASK, **MODE}], "no such field"),
        ("find_phone", [ASK] * 101, "there are 101 leads"),
        ("find_phone", [{"lead": {}}], "is empty"),
        ("find_phone", [{}], "is not an object"),
        ("find_phone", [ASK, {}], "is not an object"),
        ("find_phone", [], "no request can be made"),
        ("find_house", [ASK], "no request can be made"),
    ],
)
def test_a_request_that_is_wrong_is_not_sent(operation: str, asks: Any, said: str) -> None:
    sent, outcome = submit(operation, asks)
    assert sent == []
    assert isinstance(outcome, NeverSent)
    assert said in outcome.reason
    assert "Nothing was sent." in outcome.reason
    assert "Jane" not in outcome.reason


# Refusals.


@pytest.mark.parametrize(
    ("places", "refused"),
    [
        ([["body", "leads", 17, "name"]], (17,)),
        ([["body", "leads", 3], ["body", "leads", 1, "x"], ["body", "leads", 3, "y"]], (1, 3)),
        ([["leads", "5"]], (5,)),
        ([["body", "leads", 17], ["body", "mode"]], ()),
        ([["body", "leads"]], ()),
        ([["body", "leads", 18]], ()),
        ([["body", "leads", -1]], ()),
        ([["body", "leads", True]], ()),
        ([["body", "lead", "name"]], ()),
        ([["body"]], ()),
        ([[]], ()),
        ([None], ()),
        ([], ()),
    ],
)
def test_a_refusal_names_the_leads_it_means(places: list[Any], refused: tuple[int, ...]) -> None:
    body = json.dumps({"detail": [{"loc": place, "msg": "m", "type": "missing"} for place in places]}).encode()
    assert provider().refused_asks(body, [ASK] * 18) == refused


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"detail": "Lead data is required"}', b'{"detail": [1]}', b"7"]
)
def test_a_refusal_in_another_form_names_nobody(body: bytes) -> None:
    assert provider().refused_asks(body, [ASK] * 3) == ()


def test_the_only_lead_is_the_one_that_is_meant() -> None:
    body = b'{"detail": [{"loc": ["body", "lead", "name"], "msg": "m", "type": "t"}]}'
    assert provider().refused_asks(body, [ASK]) == (0,)


# What one call cost.


@pytest.mark.parametrize(
    ("operation", "result", "job", "expected"),
    [
        ("find_email", {"email": [["a@x.io", "OK", "COMPANY"]], "cost_cents": 5}, {"charge_amount": 5}, (500, 500, "reported")),
        ("find_email", {"email": [["a@x.io", "OK", "COMPANY"]]}, {"charge_amount": 12}, (1200, 1200, "reported")),
        ("find_email", {"email": []}, {"charge_amount": 0}, (0, 0, "reported")),
        ("find_email", {"email": [], "cost_cents": 0.005}, {}, (0, 1, "reported")),
        ("find_email", {"email": [], "cost_cents": 4}, {"charge_amount": 5}, (400, 500, "reported")),
        ("find_email", {"email": [["a@x.io", "OK", "COMPANY"]]}, {"charge_credits": 0.5}, (500, 500, "documented")),
        ("find_email", {"email": [["a@x.io", "OK", "COMPANY"]]}, {"charge_credits": 0.3}, (300, 500, "bounded")),
        ("find_email", {"email": [["a@x.io", "OK", "COMPANY"]]}, {"charge_credits": 2}, (500, 2000, "bounded")),
        ("find_email", {"email": [], "cost_credits": 0}, {}, (0, 0, "reported")),
        ("find_email", {"email": [], "cost_credits": 0.9}, {"charge_amount": 5}, (500, 500, "reported")),
        ("find_email", {"email": [["a@x.io", "OK", "COMPANY"]]}, {}, (500, 500, "documented")),
        ("find_email", {"email": []}, {}, (0, 500, "bounded")),
        ("find_email", {"email": [], "cost_cents": None}, {"charge_amount": "much"}, (0, 500, "bounded")),
        ("find_email", {"email": [], "cost_cents": True}, {"charge_amount": -5}, (0, 500, "bounded")),
        ("find_email", {"email": [], "cost_cents": 1e300}, {"charge_amount": 10**40}, (0, 500, "bounded")),
        ("find_personal_email", {"personal_email": [["a@x.io", "OK"]]}, {}, (2000, 2000, "documented")),
        ("find_personal_email", {"email": [["a@x.io", "OK", "COMPANY"]]}, {}, (0, 2000, "bounded")),
        ("find_personal_email", {"email": [["a@x.io", "OK"]]}, {}, (0, 2000, "bounded")),
        ("find_personal_email", {"email": [["a@x.io", "OK", "personal"]]}, {}, (2000, 2000, "documented")),
        ("find_phone", {"phone": "+1 555 123 4567", "cost_cents": 30}, {}, (3000, 3000, "reported")),
        ("find_phone", {"phone": ""}, {}, (0, 3000, "bounded")),
        ("find_phone", {"error": "x"}, {}, (0, 3000, "bounded")),
    ],
)  # fmt: skip
def test_what_one_call_cost(operation: str, result: Any, job: Any, expected: tuple[int, int, str]) -> None:
    body = json.dumps({"status": "completed", "id": "j", "result": result, **job}).encode()
    [reading] = provider().read(operation, body, [ASK], "j", Via.POLL)
    [charge] = reading.charges
    assert (charge.kind, (charge.amount_min, charge.amount_max, charge.basis)) == (operation, expected)


def test_an_address_that_was_sent_along_may_have_been_free() -> None:
    body = b'{"status": "completed", "id": "j", "result": {"email": [["a@x.io", "OK", "COMPANY"]]}}'
    [reading] = provider().read("find_email", body, [{"lead": {**ASK["lead"], "email": "a@x.io"}}], "j", Via.POLL)
    assert [(c.amount_min, c.amount_max, c.basis) for c in reading.charges] == [(0, 500, Basis.BOUNDED)]


# The balance.


@pytest.mark.parametrize(
    ("body", "balance"),
    [
        (b'{"credits": 12}', Balance(1200)),
        (b'{"credits": 12.345}', Balance(1234)),
        (b'{"credits": "7.5"}', Balance(750)),
        (b'{"credits": -0.041}', Balance(-5)),
        (b'{"credits": null}', Balance(None)),
        (b'{"credits": true}', Balance(None)),
        (b'{"credits": NaN}', Balance(None)),
        (b'{"balance": 1}', None),
        (b"[]", None),
        (b"<html>", None),
    ],
)
def test_a_balance_is_read(body: bytes, balance: Balance | None) -> None:
    assert read_balance(body) == balance


def test_a_balance_in_the_unit_of_charges() -> None:
    assert (Balance(150).cents, Balance(None).cents) == (1500, None)
