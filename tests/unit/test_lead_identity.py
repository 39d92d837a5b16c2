"""The same person has one key, however a list is written, and the one that a search gives."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.leads.identity import identifiers, own_key
from pipelines.leads.lead import FIELDS, Lead, read_row
from sources.clodura.records import person_key

SAME = {name: name for name in FIELDS}
WORD = st.from_regex(r"[A-Za-zéüß]{1,8}", fullmatch=True)
SLUG = st.from_regex(r"[a-z0-9]{2,8}(-[a-z0-9]{1,6}){0,3}", fullmatch=True)
DOMAIN = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]\.(com|de|co\.uk)", fullmatch=True).filter(lambda d: "--" not in d)


def lead(values: dict[str, object]) -> Lead:
    found = read_row(1, values, SAME)
    assert isinstance(found, Lead), found.reason
    return found


def key(**values: object) -> str:
    return own_key(lead(values))


def test_identifiers_come_the_surest_first() -> None:
    everything = lead({
        "person_id": "35", "linkedin_url": "linkedin.com/in/Ada-1", "full_name": "Ada  LOVELACE",
        "company_domain": "www.Example.com", "company_name": "Example | Inc",
    })  # fmt: skip
    assert identifiers(everything) == (
        ("clodura", "35"),
        ("linkedin", "ada-1"),
        ("name_domain", "ada lovelace|example.com"),
        ("name_company", "ada lovelace|example inc"),
    )
    assert own_key(everything) == "35"


def test_keys_are_for_good() -> None:
    """They are in ledgers: one that changes is another person, who is bought anew."""
    assert key(linkedin_url="linkedin.com/in/Ada-1") == "linkedin:ada-1"
    assert key(linkedin_url="linkedin.com/pub/ada/1/2/3") == "linkedin:pub/ada/1/2/3"
    ada = {"first_name": "Ada", "last_name": "Lovelace"}
    assert key(**ada, company_domain="example.com") == "name_domain:d39674c76912f33b454f2c18b1f164ba"
    assert key(**ada, company_name="Example") == "name_company:b5811b54c751b096edac402d031ccaff"


URL = st.builds(
    "{}{}linkedin.com/in/{}{}".format,
    st.sampled_from(["https://", "http://", "HTTPS://", ""]),
    st.sampled_from(["", "www.", "uk.", "de.", "WWW.", "m."]),
    st.just("\0"),
    st.sampled_from(["", "/", "//", "?trk=x", "/?a=b&c=d", "#about", "/en", "/details/skills/?x"]),
)


@settings(max_examples=50)
@given(SLUG, URL, URL, st.booleans())
def test_a_profile_has_one_key_however_its_url_is_written(slug: str, one: str, other: str, loud: bool) -> None:
    first = key(linkedin_url=one.replace("\0", slug))
    assert first == key(linkedin_url=other.replace("\0", slug.upper() if loud else slug))
    assert first == f"linkedin:{slug}"


@settings(max_examples=50)
@given(
    SLUG | st.sampled_from(["jos%C3%A9-1", "jos%c3%a9-1", "ACwAABcDEfGhIjKlMnOpQrStUv_x"]), st.sampled_from(["", "/"])
)
def test_who_has_no_id_has_the_key_that_a_search_gives(slug: str, slash: str) -> None:
    url = f"https://www.linkedin.com/in/{slug}{slash}"
    assert person_key({"linkedinUrl": url}) == (key(linkedin_url=url), False)


def test_a_key_of_a_table_of_ours_leads_back_to_itself() -> None:
    for url in ("linkedin.com/in/josé-1", "linkedin.com/in/ada-1", "linkedin.com/pub/ada/1/2/3"):
        assert key(person_id=key(linkedin_url=url)) == key(linkedin_url=url)


@settings(max_examples=50)
@given(WORD, WORD, DOMAIN, st.permutations(["first_name", "last_name", "company_domain", "title"]), st.booleans())
def test_order_case_blanks_and_www_change_nothing(
    first: str, last: str, domain: str, order: list[str], whole: bool
) -> None:
    plain = {"first_name": first, "last_name": last, "company_domain": domain, "title": "CEO"}
    other: dict[str, object] = {name: f" {plain[name].swapcase()} " for name in order if name != "company_domain"}
    other["company_domain"] = f"https://www.{domain.upper()}/about?x"
    if whole:
        other = {"company_domain": other["company_domain"], "full_name": f"{first}  {last}"}
        if lead({**other, "linkedin_url": "in/x"}).first_name != first:
            return  # a title, such as Dr
    assert key(**plain) == key(**other)


@settings(max_examples=50)
@given(st.tuples(WORD, WORD, DOMAIN), st.tuples(WORD, WORD, DOMAIN))
def test_others_have_other_keys(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    def folded(who: tuple[str, str, str]) -> tuple[str, ...]:
        return tuple(part.casefold() for part in who)

    keys = [key(first_name=a, last_name=b, company_domain=c) for a, b, c in (one, other)]
    assert (keys[0] == keys[1]) == (folded(one) == folded(other))


@pytest.mark.parametrize("names", [("Ann", "Lee|x"), ("Ann|Lee", "x")])
def test_no_mark_in_a_name_makes_it_anothers(names: tuple[str, str]) -> None:
    value = dict(identifiers(lead({"first_name": names[0], "last_name": names[1], "company_domain": "a.com"})))
    assert value["name_domain"].count("|") == 1
