"""What is sent to Sixtyfour, and what is refused before it is."""

from __future__ import annotations

from typing import Any

import pytest

from sources.errors import ConfigurationError
from sources.sixtyfour.requests import FindEmail, FindEmailBulk, FindPhone, FindPhoneBulk, FindRequest

LEAD = {"name": "Kanaria Vogelsang", "company": "Nest"}
PROFILE = "https://www.linkedin.com/in/kanaria-vogelsang-42/"
HOOK = "https://hooks.example.com/hooks/sixtyfour/1/abc"


def test_bodies_are_in_the_vendors_spelling() -> None:
    options = {"mode": "PERSONAL", "verify_emails": False, "providers": ["one", "two"], "webhook_url": HOOK}
    assert FindEmail(lead=LEAD).body() == {"lead": LEAD}
    assert FindEmail(lead=LEAD, **options).body() == {"lead": LEAD, **options}  # type: ignore[arg-type]
    assert FindEmailBulk(leads=[LEAD, LEAD], **options).body() == {"leads": [LEAD, LEAD], **options}  # type: ignore[arg-type]
    assert FindPhone(lead=LEAD, webhook_url=HOOK).body() == {"lead": LEAD, "webhook_url": HOOK}
    assert FindPhoneBulk(leads=[LEAD], providers=["one"]).body() == {"leads": [LEAD], "providers": ["one"]}


@pytest.mark.parametrize("name", ["linkedin", "linkedin_url"])
def test_a_profile_is_sent_under_both_of_its_names(name: str) -> None:
    both = {**LEAD, "linkedin": PROFILE, "linkedin_url": PROFILE}
    assert FindEmail(lead={**LEAD, name: PROFILE}).body()["lead"] == both
    assert FindPhoneBulk(leads=[LEAD, {**LEAD, name: PROFILE}]).body()["leads"] == [LEAD, both]
    assert FindEmail(lead={**LEAD, name: ""}).body()["lead"] == {**LEAD, name: ""}


def test_a_hundred_leads_are_the_most() -> None:
    assert len(FindEmailBulk(leads=[LEAD] * 100).body()["leads"]) == 100


WRONG: list[tuple[type[FindRequest], dict[str, Any], str]] = [
    (FindEmail, {}, "find_email.lead: is missing"),
    (FindEmail, {"lead": None}, "find_email.lead: is not an object"),
    (FindEmail, {"lead": "Kanaria"}, "find_email.lead: is not an object"),
    (FindEmail, {"lead": {}}, "find_email.lead: is empty: give a name with a company"),
    (FindEmail, {"lead": {"name": " ", "company": None, "x": [], "y": {}}}, "find_email.lead: is empty"),
    (FindPhone, {"lead": {}}, "find_phone.lead: is empty"),
    (FindEmail, {"lead": {"name": float("nan")}}, "find_email.lead: holds something that JSON has no form for"),
    (FindEmail, {"lead": {"name": "\ud800"}}, "find_email.lead: holds something that JSON has no form for"),
    (FindEmail, {"lead": {"name": b"x"}}, "find_email.lead: holds something that JSON has no form for"),
    (FindEmail, {"lead": {**LEAD, "linkedin": PROFILE, "linkedin_url": "x"}}, "find_email.lead: linkedin and linkedin_url differ"),
    (FindEmailBulk, {"leads": []}, "find_email.leads: there are 0 leads: one request carries 1 to 100"),
    (FindEmailBulk, {"leads": [LEAD] * 101}, "find_email.leads: there are 101 leads"),
    (FindPhoneBulk, {"leads": [LEAD, {}]}, "find_phone.leads: is empty"),
    (FindPhoneBulk, {"leads": LEAD}, "find_phone.leads: the value is not accepted: write a list"),
    (FindEmail, {"lead": LEAD, "mode": "Personal"}, "find_email.mode: 'Personal' is not one of PROFESSIONAL, PERSONAL. Did you mean 'PERSONAL'?"),
    (FindEmail, {"lead": LEAD, "mode": 7}, "find_email.mode: 7 is not accepted: write a text"),
    (FindPhone, {"lead": LEAD, "mode": "PERSONAL"}, "find_phone.mode: no such field."),
    (FindPhone, {"lead": LEAD, "verify_emails": True}, "find_phone.verify_emails: no such field."),
    (FindEmail, {"lead": LEAD, "verify_emails": "yes"}, "find_email.verify_emails: 'yes' is not accepted: write true or false"),
    (FindEmail, {"lead": LEAD, "providers": []}, "find_email.providers: is empty, which would leave nobody to ask"),
    (FindEmail, {"lead": LEAD, "providers": ["a", " "]}, "find_email.providers: a provider's name is blank"),
    (FindEmail, {"lead": LEAD, "providers": "a"}, "find_email.providers: 'a' is not accepted: write a list"),
    (FindEmail, {"lead": LEAD, "webhook_url": "hooks.example.com"}, "find_email.webhook_url: the value is not a URL"),
    (FindEmail, {"lead": LEAD, "webhook_url": f"{HOOK}{'x' * 2083}"}, "find_email.webhook_url: the value is longer than 2083"),
    (FindEmail, {"lead": LEAD, "webhook_url": ""}, "find_email.webhook_url: the value is not a URL"),
    (FindEmail, {"lead": LEAD, "bruteforce": True}, "find_email.bruteforce: no such field."),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fields", "said"), WRONG)
def test_a_wrong_request_names_field_value_and_mend(kind: type[FindRequest], fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        kind(**fields)
    assert said in str(error.value)
    assert "Nothing was sent." in str(error.value)
    shown = f"{error.value}{error.value!r}".casefold()
    assert not any(part in shown for part in ("kanaria", "vogelsang", "hooks.example.com/hooks"))


def test_nobody_is_shown() -> None:
    for request in (
        FindEmail(lead={**LEAD, "linkedin": PROFILE}, webhook_url=HOOK),
        FindPhoneBulk(leads=[LEAD], webhook_url=HOOK),
    ):
        assert not any(part in repr(request).casefold() for part in ("kanaria", "vogelsang", "hooks"))
