"""Which column is which: usual headings are known, a tie is told, and what a user says counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.leads.headings import HEADINGS, meant, plain
from pipelines.leads.lead import FIELDS
from pipelines.leads.mapping import chosen, guess
from sources.errors import ConfigurationError
from tests.support.canaries import ADDRESS, FIRST_NAME, LAST_NAME, PROFILE, assert_clean

EXPORTS = {
    "apollo": (
        ["First Name", "Last Name", "Title", "Company Name", "Company Name for Emails", "Email", "Email Status",
         "Secondary Email", "Corporate Phone", "Person Linkedin Url", "Website", "Company Linkedin Url", "Facebook Url",
         "City", "Country", "Company Country", "Apollo Contact Id"],
        {"first_name": "First Name", "last_name": "Last Name", "title": "Title", "company_name": "Company Name",
         "email": "Email", "linkedin_url": "Person Linkedin Url", "company_domain": "Website", "country": "Country"},
    ),
    "linkedin": (
        ["First Name", "Last Name", "URL", "Email Address", "Company", "Position", "Connected On"],
        {"first_name": "First Name", "last_name": "Last Name", "linkedin_url": "URL", "email": "Email Address",
         "company_name": "Company", "title": "Position"},
    ),
    "hubspot": (
        ["Record ID", "First Name", "Last Name", "Email", "Company Domain Name", "Job Title", "Country/Region",
         "Contact owner", "Associated Company IDs", "LinkedIn Profile URL"],
        {"first_name": "First Name", "last_name": "Last Name", "email": "Email", "title": "Job Title",
         "company_domain": "Company Domain Name", "linkedin_url": "LinkedIn Profile URL", "country": "Country/Region"},
    ),
    "salesforce": (
        ["Contact ID", "Full Name", "Account Name", "Email", "Mailing Country", "Account Owner", "Lead Source"],
        {"full_name": "Full Name", "company_name": "Account Name", "email": "Email", "country": "Mailing Country"},
    ),
    "pipedrive": (
        ["Person - ID", "Person - Name", "Person - Email - Work", "Organization - Name", "Person - Owner"],
        {"full_name": "Person - Name", "email": "Person - Email - Work", "company_name": "Organization - Name"},
    ),
    "phantombuster": (
        ["profileUrl", "fullName", "firstName", "lastName", "companyName", "companyUrl", "defaultProfileUrl"],
        {"linkedin_url": "defaultProfileUrl", "full_name": "fullName", "first_name": "firstName",
         "last_name": "lastName", "company_name": "companyName", "company_domain": "companyUrl"},
    ),
    "fuzzy": (
        ["Lead's First Name", "contact_last_name", "Prospect LinkedIn", "Contact Company"],
        {"first_name": "Lead's First Name", "last_name": "contact_last_name", "linkedin_url": "Prospect LinkedIn",
         "company_name": "Contact Company"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("export", EXPORTS)
def test_usual_headings_are_known(export: str) -> None:
    columns, mapping = EXPORTS[export]
    assert guess(columns).mapping == mapping
    assert guess(columns[::-1]).mapping == mapping


@pytest.mark.parametrize(
    "heading",
    ["Company Linkedin Url", "Company Phone", "Company Email", "Personal Email", "Email Status", "Contact Owner", "ID",
     "Contact ID", "Lead Source", "Owner Email", "URL", "Notes", "", "column 3", "Facebook Url", "Company Country"],
)  # fmt: skip
def test_what_only_resembles_a_heading_is_left_alone(heading: str) -> None:
    assert guess([heading]).mapping == {}


def test_no_heading_means_two_fields() -> None:
    every = [heading for headings in HEADINGS.values() for heading in headings]
    assert len(every) == len(set(every))
    assert all(heading == plain(heading) for heading in every)
    assert set(HEADINGS) == set(FIELDS)


USUAL = st.sampled_from([heading for headings in HEADINGS.values() for heading in headings])


@given(USUAL, st.sampled_from([" ", "_", ".", "-"]), st.booleans())
def test_case_blanks_underscores_and_dots_do_not_count(heading: str, mark: str, loud: bool) -> None:
    written = f"{heading[:2]}{mark}{heading[2:]}{mark}"
    assert meant(written.upper() if loud else written) == meant(heading)


@given(st.lists(USUAL | st.text(max_size=8), unique=True))
def test_no_column_is_read_twice_and_none_that_is_not_there(columns: list[str]) -> None:
    found = guess(columns).mapping
    assert len(set(found.values())) == len(found)
    assert set(found.values()) <= set(columns)


def test_an_exact_heading_beats_a_fuzzy_one_and_a_likelier_one_a_less_likely() -> None:
    assert guess(["Prospect Email", "Email"]).mapping == {"email": "Email"}
    assert guess(["Email", "Work Email", "Contact Work Email"]).mapping == {"email": "Work Email"}
    assert guess(["Website", "Company Domain"]).mapping == {"company_domain": "Company Domain"}


def test_a_tie_is_told_and_not_taken() -> None:
    found = guess(["Email", "E-mail", "Name"])
    assert found.mapping == {"full_name": "Name"}
    assert found.notes == (
        "email: 'Email' and 'E-mail' may both be meant, so neither is read. Say which: --map email=\"Email\".",
    )
    assert guess(["Email", "Email (2)"]).mapping == {}
    assert guess(["Lead Email", "Contact Email"]).mapping == {}


@pytest.mark.parametrize("column", ["person_id", "personId", "Person ID", "Person - ID"])
def test_ids_that_may_be_the_users_own_are_not_taken_for_the_vendors(column: str) -> None:
    found = guess([column, "LinkedIn"])
    assert found.mapping == {"linkedin_url": "LinkedIn"}
    assert f'--map person_id="{column}"' in found.notes[0]
    assert guess([column], ours=True).mapping == {"person_id": column}
    assert chosen([column], [f"person_id={column}"]).mapping == {"person_id": column}
    assert chosen([column], [f"person_id={column}"]).notes == ()
    with pytest.raises(ConfigurationError, match="--map person_id="):
        chosen([column], [])


def test_the_vendors_ids_are_known_by_his_name() -> None:
    assert guess(["Clodura Person ID"]).mapping == {"person_id": "Clodura Person ID"}


def test_flags_beat_guesses_and_leave_the_others() -> None:
    columns = ["LinkedIn", "Profile", "First Name", "Last Name", "Company"]
    assert chosen(columns, []).mapping["linkedin_url"] == "LinkedIn"
    said = chosen(columns, ["linkedin_url=Profile", "first_name = last name"])
    assert said.mapping == {"linkedin_url": "Profile", "first_name": "Last Name", "company_name": "Company"}
    assert "linkedin_url" not in chosen(columns, ["linkedin_url="]).mapping


def test_a_flag_settles_a_tie() -> None:
    said = chosen(["Email", "E-mail", "LinkedIn"], ["email=E-mail"])
    assert said.mapping["email"] == "E-mail"
    assert said.notes == ()


def test_a_columns_name_may_hold_an_equals_sign() -> None:
    assert chosen(["a=b"], ["linkedin_url=a=b"]).mapping == {"linkedin_url": "a=b"}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["linkedin"], "--map: 'linkedin' is not of the form field=column"),
        (["linkedinurl=Name"], "'linkedinurl' is no field; .* Did you mean 'linkedin_url'?"),
        (["full_name=Nmae"], "there is no column 'Nmae'. Did you mean 'Name'?"),
        (["email=Name", "email=Company"], "email is given twice"),
        (["email=Name", "title=Name"], "'Name' is named for two fields"),
        (["full_name="], "The columns name nobody: needed are linkedin_url, .*There are 'Name', 'Company'"),
        (["company_name="], "Only full_name would be read"),
    ],
)
def test_a_wrong_flag_is_told_with_the_nearest_right_one(flags: list[str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        chosen(["Name", "Company"], flags)


@pytest.mark.parametrize("flags", [[], ["linkedin_url=LinkedIn"], ["full_name=Kanari"]])
@pytest.mark.parametrize(
    "columns", [[FIRST_NAME, LAST_NAME, "Acme"], [FIRST_NAME, ADDRESS], [PROFILE], ["Name", LAST_NAME, ADDRESS]]
)
def test_the_first_person_of_a_list_without_a_heading_is_not_shown(columns: list[str], flags: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        chosen(columns, flags)
    assert_clean(str(caught.value).replace("Kanari'", ""))


def test_a_list_without_a_heading_is_told_as_one() -> None:
    with pytest.raises(ConfigurationError, match="The first line of the list looks like a person"):
        chosen([FIRST_NAME, PROFILE], [])


def test_long_and_odd_headings_are_headings_all_the_same() -> None:
    columns = ["Name", "custom_field_1234567890_x", "LinkedInConnectionsAndMoreOfThem"]
    with pytest.raises(ConfigurationError, match="There are 'Name', 'custom_field_1234567890_x'"):
        chosen(columns, [])
