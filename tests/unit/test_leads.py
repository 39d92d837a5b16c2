"""A row of a list is read as a person, or told why it names none; nothing of it is in what is told."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.leads.domains import FREE_MAIL
from pipelines.leads.lead import FIELDS, Lead, Reject, one_lead, read_row
from pipelines.leads.names import split_name
from pipelines.leads.profiles import profile_key, profile_keys, profile_url
from pipelines.leads.values import DIGITS_LOST, Unusable, rounded, text_of
from sources.clodura.requests import RevealEmail
from sources.errors import ConfigurationError
from tests.support.canaries import ADDRESS, FIRST_NAME, LAST_NAME, NUMBER, PROFILE, assert_clean

SAME = {name: name for name in FIELDS}
ID = "3597524184265130552"


def read(**values: object) -> Lead | Reject:
    return read_row(1, values, SAME)


def lead(**values: object) -> Lead:
    found = read(**values)
    assert isinstance(found, Lead), found.reason
    return found


def reason(**values: object) -> str:
    found = read(**values)
    assert isinstance(found, Reject), found
    return found.reason


# What a cell holds.


@pytest.mark.parametrize(
    "cell",
    [None, "", " ", "\t", "NULL", "null", "n/a", "N/A", "#N/A", "-", "--", "—", "None", "nan", "NaN", float("nan"),
     "\u200b", "\ufeff", "\\N", "..."],
    ids=repr,
)  # fmt: skip
def test_what_exports_write_for_nothing_is_nothing(cell: object) -> None:
    assert text_of(cell) is None


@pytest.mark.parametrize("name", ["Na", "NA", "Nan", "Null", "No", "-1", "A", "0", "O'Neil"])
def test_names_that_look_like_nothing_are_kept(name: str) -> None:
    assert text_of(name) == name


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  Ada \n Lovelace\t", "Ada Lovelace"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("Ada\u200b\ufeff", "Ada"),
        ("'=1+1", "=1+1"),
        ("'t Hart", "'t Hart"),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        (True, "True"),
        (Decimal("1.50"), "1.50"),
        (b"Zo\xc3\xab", "Zo\u00eb"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("x" * 500, "x" * 500),
    ],
)
def test_a_text_is_trimmed_and_on_one_line(cell: object, text: str) -> None:
    assert text_of(cell) == text


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("x" * 501, "longer than 500"),
        ("Ada\x00", "control characters"),
        ("\x1b[31mAda", "control characters"),
        ("Ada\x85\x9b!", "control characters"),
        (b"\xff\xfe\xfd", "no text"),
        (["Ada", "Bob"], "a list"),
        ({"name": "Ada"}, "a list"),
    ],
)
def test_what_is_no_text_rejects_the_row_wherever_it_stands(cell: object, why: str) -> None:
    found = read(person_id=ID, title=cell)
    assert isinstance(found, Reject)
    assert found.reason.startswith("title: ")
    assert why in found.reason
    assert found.fields == ("title",)


# Ids.


@pytest.mark.parametrize(
    ("cell", "person_id"),
    [(ID, ID), (int(ID), ID), (f" {ID} ", ID), ("007", "007"), (42.0, "42"), (Decimal(ID), ID), ("ab-c", "ab-c"),
     (f"{ID}.0", f"{ID}.0")],
)  # fmt: skip
def test_an_id_keeps_its_digits(cell: object, person_id: str) -> None:
    assert lead(person_id=cell).person_id == person_id


@pytest.mark.parametrize(
    "cell", [float(ID), 3.59752418426513e18, "3.59752E+18", "3,59752E+18", "3E18", 2.0**53, 1.5, float("inf")]
)
def test_an_id_that_lost_digits_is_rejected_with_the_mend(cell: object) -> None:
    assert reason(person_id=cell, linkedin_url=PROFILE) == f"person_id: {DIGITS_LOST}"


def test_ids_that_a_spreadsheet_rounded_are_known_by_their_zeros() -> None:
    spoilt = ["3597524184265130000", "3597524184265140000", "2389402640191580000"]
    assert rounded(spoilt)
    assert rounded([*spoilt, "", "7"])
    assert not rounded(spoilt[:2])
    assert not rounded([*spoilt, ID])
    assert not rounded(["1000", "2000", "3000"])


@pytest.mark.parametrize("cell", [True, "12 34"])
def test_what_is_no_id_is_rejected(cell: object) -> None:
    assert reason(person_id=cell).startswith("person_id: ")


def test_keys_of_our_own_are_not_taken_for_the_vendors() -> None:
    assert lead(person_id="linkedin:ada-1").linkedin_url == "https://www.linkedin.com/in/ada-1"
    assert lead(person_id="linkedin:ada-1").person_id is None
    assert lead(person_id="linkedin:ada", linkedin_url="linkedin.com/in/bob").linkedin_url == profile_url("in/bob")
    assert lead(person_id="record:0f", linkedin_url=PROFILE).person_id is None
    assert reason(person_id="record:0f").startswith("nobody is named")
    assert lead(person_id="name_domain:0f").key == "name_domain:0f"


# LinkedIn.

ADA = "https://www.linkedin.com/in/ada-lovelace-1815"


@pytest.mark.parametrize(
    "written",
    [
        ADA,
        f"{ADA}/",
        "http://www.linkedin.com/in/ada-lovelace-1815",
        "linkedin.com/in/ada-lovelace-1815",
        "//www.linkedin.com/in/ada-lovelace-1815",
        "https://uk.linkedin.com/in/ada-lovelace-1815/en",
        "https://m.linkedin.com/in/ada-lovelace-1815",
        "HTTPS://WWW.LINKEDIN.COM/IN/Ada-Lovelace-1815/",
        f"{ADA}?trk=public&x=1",
        f"{ADA}/?originalSubdomain=uk#about",
        f"{ADA}/details/experience/",
        "https://www.linkedin.com//in//ada-lovelace-1815",
        "https://www.linkedin.com/mwlite/in/ada-lovelace-1815",
        "https://www.linkedin.com/comm/in/ada-lovelace-1815",
        "https://www.linkedin.com:443/in/ada%2Dlovelace-1815",
        "in/ada-lovelace-1815",
        "/in/ada-lovelace-1815/",
    ],
)
def test_a_profile_has_one_url_however_it_was_copied(written: str) -> None:
    assert lead(linkedin_url=written).linkedin_url == ADA


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://linkedin.com/in/josé-1", "https://www.linkedin.com/in/jos%C3%A9-1"),
        ("https://linkedin.com/in/jos%c3%a9-1", "https://www.linkedin.com/in/jos%C3%A9-1"),
        ("https://linkedin.com/in/jose\u0301-1", "https://www.linkedin.com/in/jos%C3%A9-1"),
        ("https://linkedin.com/in/ACwAABcDEfGhIjKlMnOpQrStUv_x", "https://www.linkedin.com/in/ACwAABcDEfGhIjKlMnOpQrStUv_x"),
        ("http://www.linkedin.com/pub/ada-lovelace/1/2B3/4c", "https://www.linkedin.com/pub/ada-lovelace/1/2b3/4c"),
    ],
)  # fmt: skip
def test_other_forms_of_profiles(written: str, url: str) -> None:
    assert lead(linkedin_url=written).linkedin_url == url


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("https://www.linkedin.com/sales/lead/ACwAAA,NAME_SEARCH,x", "Sales Navigator"),
        ("https://www.linkedin.com/sales/people/ACwAAA", "Sales Navigator"),
        ("https://www.linkedin.com/talent/profile/x", "recruiting"),
        ("https://www.linkedin.com/company/acme", "a company's page"),
        ("https://www.linkedin.com/school/mit", "a school's page"),
        ("https://www.linkedin.com/in/", "no person's profile"),
        ("https://www.linkedin.com/", "no person's profile"),
        ("https://www.linkedin.com", "no person's profile"),
        ("https://www.linkedin.com/feed/update/x", "no person's profile"),
        ("https://www.linkedin.com/pub/ada-lovelace", "no person's profile"),
        ("https://www.linkedin.com/pub/dir/Ada/Lovelace/x/y", "no person's profile"),
        ("https://www.linkedin.com/in/%FF", "no person's profile"),
        ("https://www.linkedin.com/in/a%2Fb", "no person's profile"),
        ("https://www.linkedin.com/in/a b", "no person's profile"),
        ("https://lnkd.in/abc", "shortened"),
        ("https://notlinkedin.com/in/ada", "no LinkedIn URL"),
        ("https://linkedin.com.example.com/in/ada", "no LinkedIn URL"),
        ("https://example.com/linkedin.com/in/ada", "no LinkedIn URL"),
        ("ada-lovelace", "no LinkedIn URL"),
        ("Ada Lovelace", "no LinkedIn URL"),
    ],
)
def test_what_is_no_persons_profile_is_rejected_with_the_mend(written: str, why: str) -> None:
    said = reason(linkedin_url=written, full_name="Ada Lovelace", company_domain="example.com")
    assert said.startswith("linkedin_url: ")
    assert why in said
    assert "linkedin.com/in/... URL, or leave the field out (--map linkedin_url=)" in said


#: letters, and what has a meaning somewhere
MARKS = st.text(st.sampled_from("aZéß王\u0301\u200b 0179-_.,:;/?#@%'\"=+()[]\\\x00\x1f\n\ud800"), max_size=14)


@given(MARKS.map(lambda text: f"https://www.linkedin.com/in/{text}") | MARKS)
def test_whatever_is_taken_for_a_profile_is_one_to_the_vendor_and_stays_itself(written: str) -> None:
    try:
        url = profile_url(written)
    except Unusable:
        return
    assert profile_url(url) == url
    if "/in/" in url:
        RevealEmail(linkedin_url=url, webhook_url="https://hooks.example.com/x")


# Companies.


@pytest.mark.parametrize(
    ("written", "domain"),
    [
        ("example.com", "example.com"),
        (" Example.COM. ", "example.com"),
        ("www.example.com", "example.com"),
        ("https://www.example.com/about?x=1#y", "example.com"),
        ("http://example.com:8080", "example.com"),
        ("//example.com/", "example.com"),
        ("info@example.com", "example.com"),
        ("https://careers.example.co.uk/jobs", "careers.example.co.uk"),
        ("www.com", "www.com"),
        ("münchen.de", "münchen.de"),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("https://www.linkedin.com/", "linkedin.com"),
    ],
)
def test_a_companys_domain_is_bare(written: str, domain: str) -> None:
    assert lead(full_name="Ada Lovelace", company_domain=written).company_domain == domain


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("gmail.com", "anybody may have an address"),
        ("https://www.hotmail.co.uk", "anybody may have an address"),
        ("Example Inc", "no domain"),
        ("example", "no domain"),
        ("localhost", "no domain"),
        ("192.168.0.1", "no domain"),
        ("example.com, example.de", "no domain"),
        ("-example.com", "no domain"),
        ("exa mple.com", "no domain"),
        ("https://www.linkedin.com/company/example", "another's site"),
        ("facebook.com/example", "another's site"),
    ],
)
def test_what_is_no_companys_domain_is_none_and_told_where_it_was_needed(written: str, why: str) -> None:
    said = reason(full_name="Ada Lovelace", company_domain=written)
    assert said.startswith("company_domain: ")
    assert why in said
    assert said.endswith("company_domain, company_name or linkedin_url is missing")
    assert lead(linkedin_url=PROFILE, company_domain=written).company_domain is None


def test_the_domain_of_a_work_address_is_the_companys_where_no_other_is_given() -> None:
    ada = {"first_name": "Ada", "last_name": "Lovelace"}
    assert lead(**ada, email="ada@Example.com").company_domain == "example.com"
    assert lead(**ada, email="ada@example.com", company_domain="example.org").company_domain == "example.org"
    assert lead(**ada, email="nothing", company_name="E").email is None
    for free in sorted(FREE_MAIL):
        assert reason(**ada, email=f"ada@{free}").startswith("a name alone names nobody")


# Names.


@pytest.mark.parametrize(
    ("whole", "first", "last"),
    [
        ("Ada Lovelace", "Ada", "Lovelace"),
        ("Ada King Lovelace", "Ada", "King Lovelace"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Lovelace, Ada", "Ada", "Lovelace"),
        ("de la Cruz, Juan", "Juan", "de la Cruz"),
        ("VAN DYKE, JAN", "JAN", "VAN DYKE"),
        ("Ada Lovelace, PhD", "Ada", "Lovelace"),
        ("Ada Lovelace, Ph.D., MBA", "Ada", "Lovelace"),
        ("Ada Lovelace, XYZ", "Ada", "Lovelace"),
        ("Dr. Ada Lovelace", "Ada", "Lovelace"),
        ("Prof. Dr. Ada Lovelace", "Ada", "Lovelace"),
        ("Ada Lovelace Jr.", "Ada", "Lovelace"),
        ("Yo Ma", "Yo", "Ma"),
        ("Ada (Countess) Lovelace", "Ada", "Lovelace"),
        ('Ada "Enchantress" Lovelace', "Ada", "Lovelace"),
        ("Ada", "Ada", None),
        ("Dr", "Dr", None),
        ("王 小明", "王", "小明"),
        ("", None, None),
        ("(x)", None, None),
        ("??? !!!", None, None),
    ],
)
def test_a_whole_name_is_split_and_no_part_of_it_dropped(whole: str, first: str | None, last: str | None) -> None:
    assert split_name(whole) == (first, last)


@pytest.mark.parametrize(
    ("given", "halves"),
    [
        ({"first_name": "Ada King"}, ("Ada King", "Lovelace")),
        ({"last_name": "Lovelace"}, ("Ada King", "Lovelace")),
        ({"last_name": "King Lovelace"}, ("Ada", "King Lovelace")),
        ({"first_name": "Augusta"}, ("Augusta", "King Lovelace")),
        ({"first_name": "A", "last_name": "L"}, ("A", "L")),
    ],
)
def test_halves_that_are_given_stay_and_the_whole_is_kept(given: dict[str, str], halves: tuple[str, str]) -> None:
    found = lead(full_name="Ada King Lovelace", company_domain="example.com", **given)
    assert (found.first_name, found.last_name) == halves
    assert found.full_name == "Ada King Lovelace"


def test_a_whole_name_is_made_of_halves() -> None:
    assert lead(first_name="Ada", last_name="Lovelace", company_name="E").full_name == "Ada Lovelace"


# Who is named.


@pytest.mark.parametrize(
    "values",
    [
        {"person_id": ID},
        {"linkedin_url": PROFILE},
        {"full_name": "Ada Lovelace", "company_domain": "example.com"},
        {"first_name": "Ada", "last_name": "Lovelace", "company_name": "Example"},
        {"full_name": "Ada Lovelace", "email": "ada@example.com"},
    ],
)
def test_what_names_a_person(values: dict[str, str]) -> None:
    assert lead(**values).row == 1


NOBODY = "nobody is named: linkedin_url, person_id, or name and company_domain are missing"
NO_PROFILE = "linkedin_url is missing"
OR_PROFILE = "missing, or linkedin_url"
HALF = f"a company alone names nobody: first_name or last_name is {OR_PROFILE}"

HALF_NAME = f"half a name names nobody: first_name or last_name and company_domain are {OR_PROFILE}"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, NOBODY),
        ({"title": "CEO"}, NOBODY),
        ({"email": "ada@gmail.com"}, NOBODY),
        ({"full_name": "Ada Lovelace"}, "a name alone names nobody: company_domain, company_name or " + NO_PROFILE),
        ({"full_name": "Ada", "company_domain": "example.com"}, HALF),
        ({"last_name": "Lovelace", "company_name": "E"}, HALF),
        ({"company_name": "E"}, "a company alone names nobody: the name is missing, or linkedin_url"),
        ({"email": "ada@example.com"}, "a company alone names nobody: the name is missing, or linkedin_url"),
        ({"first_name": "Ada"}, HALF_NAME),
    ],
)  # fmt: skip
def test_a_row_that_names_nobody_says_what_is_missing(values: dict[str, str], said: str) -> None:
    assert reason(**values) == said


def test_all_that_is_wrong_with_a_row_is_told_at_once_and_the_row_kept_as_it_was() -> None:
    values = {"person_id": "1E9", "linkedin_url": "x", "Notes": "kept"}
    found = read_row(7, values, SAME)
    assert isinstance(found, Reject)
    assert found.row == 7
    assert found.fields == ("person_id", "linkedin_url")
    assert found.values == values


def test_columns_that_are_not_mapped_are_not_looked_at() -> None:
    assert isinstance(read_row(1, {"u": PROFILE, "title": "\x00", "full_name": ["x"]}, {"linkedin_url": "u"}), Lead)


CELLS = st.none() | MARKS | st.integers() | st.floats() | st.binary(max_size=4) | st.booleans() | st.sampled_from(
    [PROFILE, ADDRESS, FIRST_NAME, LAST_NAME, NUMBER, "example.com", ID, "x" * 501, "Ada Lovelace"]
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(FIELDS), CELLS))
def test_no_row_breaks_the_reader_and_every_lead_names_somebody(values: dict[str, object]) -> None:
    found = read(**values)
    if isinstance(found, Lead):
        named = found.first_name and found.last_name and (found.company_domain or found.company_name)
        assert found.person_id or found.linkedin_url or named
        assert repr(found) == "Lead(row=1)"
    else:
        assert found.reason


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "cell", [ADDRESS, FIRST_NAME, NUMBER, f"{PROFILE}\x00", f"https://linkedin.com/company/{LAST_NAME}"]
)
def test_no_reason_and_no_repr_repeats_a_cell(field: str, cell: str) -> None:
    found = read(**{field: cell})
    assert_clean(found, getattr(found, "reason", ""))


URLS = st.lists(
    st.none()
    | st.builds(
        "{}linkedin.com/{}{}{}".format,
        st.sampled_from(["https://www.", "http://", "https://uk.", "//", "HTTPS://WWW.", "x"]),
        st.sampled_from(["in/", "IN/", "pub/", "in/in/", "company/", "sales/lead/", ""]),
        st.text(st.sampled_from("aZ0-_.~%é/ \n?#\u0301ΣİK"), max_size=5)
        | st.sampled_from(["ada-1815", "Ada/", "Ada%20", "É"]),
        st.sampled_from(["", "/", "/?x", "\n", "\nhttps://www.linkedin.com/in/eve"]),
    ),
    max_size=4,
)


@settings(max_examples=300)
@given(URLS)
def test_profiles_of_a_page_are_those_of_each_url(urls: list[str | None]) -> None:
    def one(url: str | None) -> str | None:
        try:
            return None if url is None else profile_key(profile_url(url))
        except Unusable:
            return None

    assert profile_keys(urls) == list(map(one, urls))


def test_profiles_of_a_page_in_the_usual_form_and_in_others() -> None:
    assert profile_keys(["https://linkedin.com/in/ada\nhttps://linkedin.com/in/eve", "x"]) == [None, None]
    assert profile_keys(["https://linkedin.com/in/Ada", None, "http://www.linkedin.com/in/eve/"]) == [
        "ada",
        None,
        "eve",
    ]
    assert profile_keys(["https://linkedin.com/in/José"]) == ["jos%c3%a9"]
    assert profile_keys([]) == []


# One person, by the options of a command.


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({}, "Give --name with --domain, or --linkedin."),
        ({"company_domain": "example.com"}, "Give --name as well, or --linkedin."),
        ({"full_name": "Ada Lovelace"}, "Give --domain as well, or --linkedin."),
        (
            {"full_name": "Ada"},
            'Give first and last name, as in --name "Ada Lovelace", and the employer by --domain; or --linkedin.',
        ),
        (
            {"full_name": "Ada", "company_domain": "example.com"},
            'Give first and last name, as in --name "Ada Lovelace"; or --linkedin.',
        ),
        ({"linkedin_url": "https://example.com/ada"}, "Mend that, or leave it out and say who is meant by --name with"),
    ],
)
def test_who_names_nobody_is_told_what_is_missing_of_what_was_given(given: dict[str, str], advice: str) -> None:
    with pytest.raises(ConfigurationError, match="Nobody can be asked for") as error:
        one_lead(given)
    assert advice in str(error.value)
