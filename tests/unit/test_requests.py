"""The paid requests: what goes out, and which are refused before anything does."""

from __future__ import annotations

from typing import Any

import pytest

from sources.clodura.requests import (
    Confidence,
    EnrichContact,
    EnrichOrganization,
    PaidRequest,
    RevealEmail,
    RevealPhone,
    VerifyEmail,
)
from sources.errors import ConfigurationError

HOOK = "https://hooks.example.com/clodura?x=1"
PROFILE = "https://www.linkedin.com/in/kapilkhangaonkar/"
COMPANY = "https://www.linkedin.com/company/clodura-ai/"
KAPIL = {"first_name": "Kapil", "last_name": "Khangaonkar"}
KAPIL_SENT = {"firstName": "Kapil", "lastName": "Khangaonkar"}
FLAGS = {"includeTechnographics": False, "includeAcquisitions": False, "includeFunding": False}

SENT: list[tuple[type[PaidRequest], dict[str, Any], dict[str, Any]]] = [
    # sections "Body Parameters": the three ways of naming a person, and webhookUrl
    (RevealEmail, {"person_id": "3597524184265130552"}, {"personId": "3597524184265130552"}),
    (RevealEmail, {"person_id": 3597524184265130552}, {"personId": "3597524184265130552"}),
    (RevealEmail, {"personId": " 7 "}, {"personId": "7"}),
    (RevealEmail, {"linkedin_url": PROFILE}, {"linkedinUrl": PROFILE}),
    (RevealEmail, {"linkedin_url": "linkedin.com/in/k"}, {"linkedinUrl": "linkedin.com/in/k"}),
    (RevealEmail, {**KAPIL, "company_domain": "clodura.ai"}, {**KAPIL_SENT, "companyDomain": "clodura.ai"}),
    (RevealPhone, {"person_id": "7"}, {"personId": "7", "revealPhoneNumberViaPartners": False}),
    (RevealPhone, {"linkedin_url": PROFILE}, {"linkedinUrl": PROFILE, "revealPhoneNumberViaPartners": False}),
    (
        RevealPhone,
        {"person_id": "7", "via_partners": True},
        {"personId": "7", "revealPhoneNumberViaPartners": True},
    ),
    (
        RevealPhone,
        {"personId": "7", "revealPhoneNumberViaPartners": True},
        {"personId": "7", "revealPhoneNumberViaPartners": True},
    ),
    (VerifyEmail, {"email": "k@clodura.ai"}, {"email": "k@clodura.ai", "deepVerification": False}),
    (VerifyEmail, {"email": " x/y+z@a.b.test ", "deep": True}, {"email": "x/y+z@a.b.test", "deepVerification": True}),
]


@pytest.mark.parametrize(("kind", "fields", "body"), SENT)
def test_a_body_is_in_the_vendors_spelling(
    kind: type[PaidRequest], fields: dict[str, Any], body: dict[str, Any]
) -> None:
    hooked = kind(**{**fields, "webhook_url": HOOK})
    assert hooked.body() == {**body, "webhookUrl": HOOK}
    assert kind(**{**fields, "webhookUrl": HOOK}) == hooked


@pytest.mark.parametrize("request_", [RevealPhone(person_id="7"), VerifyEmail(email="k@clodura.ai")], ids=str)
def test_a_webhook_is_left_out_where_it_may_be(request_: PaidRequest) -> None:
    assert "webhookUrl" not in request_.body()


@pytest.mark.parametrize(
    ("fields", "confidence"),
    [  # enrich-contacts page, table of combinations
        ({"linkedin_url": PROFILE}, Confidence.HIGHEST),
        ({**KAPIL, "email": "k@clodura.ai"}, Confidence.MEDIUM),
        ({"email": "k@clodura.ai"}, Confidence.MEDIUM),
        ({**KAPIL, "org_linkedin_url": COMPANY}, Confidence.MEDIUM),
        ({**KAPIL, "organisation_name": "Clodura.AI"}, Confidence.LOW),
        # more than a combination: the best counts
        ({**KAPIL, "organisation_name": "Clodura.AI", "org_linkedin_url": COMPANY}, Confidence.MEDIUM),
        ({**KAPIL, "organisation_name": "Clodura.AI", "linkedin_url": PROFILE}, Confidence.HIGHEST),
        ({"email": "k@clodura.ai", "first_name": "Kapil"}, Confidence.MEDIUM),
    ],
)
def test_an_enriched_contact_is_named_by_five_combinations(fields: dict[str, str], confidence: Confidence) -> None:
    request = EnrichContact(**fields)
    spelling = {
        "linkedin_url": "linkedinUrl",
        "email": "email",
        "first_name": "firstName",
        "last_name": "lastName",
        "organisation_name": "organisationName",
        "org_linkedin_url": "orgLinkedinUrl",
    }
    assert request.body() == {spelling[name]: value for name, value in fields.items()}
    assert (request.confidence, request.price) == (confidence, (0, 200))


@pytest.mark.parametrize(
    ("fields", "body", "most"),
    [  # enrich-company page: 1 credit, and 1 for each flag
        ({"organisation_id": "9"}, {"organisationId": "9", **FLAGS}, 100),
        ({"org_linkedin_url": COMPANY}, {"orgLinkedinUrl": COMPANY, **FLAGS}, 100),
        (
            {"organisation_id": "9", "org_linkedin_url": COMPANY, "include_funding": True},
            {"organisationId": "9", "orgLinkedinUrl": COMPANY, **FLAGS, "includeFunding": True},
            200,
        ),
        (
            {"organisation_id": "9", "include_technographics": True, "include_acquisitions": True},
            {"organisationId": "9", **FLAGS, "includeTechnographics": True, "includeAcquisitions": True},
            300,
        ),
        (
            {"organisation_id": "9", **dict.fromkeys(FLAGS, True)},
            {"organisationId": "9", **dict.fromkeys(FLAGS, True)},
            400,
        ),
    ],
)
def test_an_enriched_company_costs_a_credit_more_for_each_part(
    fields: dict[str, Any], body: dict[str, Any], most: int
) -> None:
    request = EnrichOrganization(**fields)
    assert (request.body(), request.price) == (body, (100, most))


ONE_OF = "person_id, linkedin_url, or first_name, last_name and company_domain together"
FIVE = "give linkedin_url, or email, or first_name and last_name with org_linkedin_url or organisation_name"
WRONG: list[tuple[type[PaidRequest], dict[str, Any], str]] = [
    (RevealEmail, {}, f"reveal_email: nobody is named: give {ONE_OF}"),
    (
        RevealEmail,
        {"person_id": "7", "linkedin_url": PROFILE},
        "reveal_email: person_id and linkedin_url are given: which would count is documented nowhere. "
        f"Give only one of {ONE_OF}",
    ),
    (
        RevealEmail,
        {"person_id": "7", "first_name": "Kapil", "last_name": "K"},
        "reveal_email: person_id and first_name and last_name are given: which would count is documented nowhere. "
        f"Give only one of {ONE_OF}",
    ),
    (RevealEmail, {"first_name": "K"}, "reveal_email: first_name alone name nobody: add last_name and company_domain"),
    (RevealEmail, KAPIL, "reveal_email: first_name and last_name alone name nobody: add company_domain"),
    (
        RevealEmail,
        {"person_id": "7", "webhook_url": None},
        "reveal_email.webhook_url: is missing: Clodura posts what it finds to it, on all plans. "
        "Name any https URL that you own",
    ),
    (
        RevealEmail,
        {"person_id": "7", "webhook_url": "hooks.example.com/a-secret"},
        "reveal_email.webhook_url: the value is not a URL: write it like https://hooks.example.com/answers",
    ),
    (
        RevealEmail,
        {"linkedin_url": "https://www.linkedin.com/sales/lead/ACw"},
        "reveal_email.linkedin_url: the value is a Sales Navigator URL: use the person's linkedin.com/in/... URL",
    ),
    (
        RevealEmail,
        {**KAPIL, "company_domain": "https://www.clodura.ai/about"},
        "reveal_email.company_domain: 'https://www.clodura.ai/about' is not a bare domain (no www., @, scheme or "
        "path); the nearest right one is 'clodura.ai'",
    ),
    (RevealEmail, {"person_id": "  "}, "reveal_email.person_id: is empty: leave it out instead"),
    (RevealEmail, {"personid": "7"}, "reveal_email.personid: no such field. Did you mean 'person_id'?"),
    (RevealPhone, {}, "reveal_phone: nobody is named: give person_id or linkedin_url"),
    (
        RevealPhone,
        {"person_id": "7", "linkedin_url": PROFILE},
        "reveal_phone: person_id and linkedin_url are given: which would count is documented nowhere. "
        "Give only one of person_id or linkedin_url",
    ),
    (RevealPhone, {"person_id": "7", "first_name": "K"}, "reveal_phone.first_name: no such field."),
    (
        RevealPhone,
        {"person_id": "7", "via_partners": True, "webhook_url": None},
        "reveal_phone: via_partners is true and webhook_url is missing: add one, or ask without partners",
    ),
    (
        RevealPhone,
        {"person_id": "7", "via_partners": "yes"},
        "reveal_phone.via_partners: 'yes' is not accepted: write true or false",
    ),
    (
        RevealPhone,
        {"person_id": "7", "revealPhoneNumberViaPartners": 1},
        "reveal_phone.via_partners: 1 is not accepted: write true or false",
    ),
    (VerifyEmail, {}, "verify_email.email: is missing"),
    (
        VerifyEmail,
        {"email": "kapil at clodura.ai"},
        "verify_email.email: the value is not one e-mail address, such as name@example.com",
    ),
    (VerifyEmail, {"email": 5.5}, "verify_email.email: the value is not accepted: write a text in quotes"),
    (EnrichContact, {}, f"enrich_contact: nobody is named: {FIVE}"),
    (EnrichContact, KAPIL, f"enrich_contact: first_name and last_name alone name nobody: {FIVE}"),
    (
        EnrichContact,
        {"first_name": "K", "organisation_name": "Clodura.AI"},
        f"enrich_contact: first_name and organisation_name alone name nobody: {FIVE}",
    ),
    (
        EnrichContact,
        {**KAPIL, "org_linkedin_url": PROFILE},
        "enrich_contact.org_linkedin_url: the value is not a company's URL such as "
        "https://www.linkedin.com/company/name/",
    ),
    (
        EnrichContact,
        {"email": "k@clodura.ai", "organizationName": "Clodura.AI"},
        "enrich_contact.organizationName: no such field. Did you mean 'organisation_name'?",
    ),
    (EnrichOrganization, {}, "enrich_organization: no company is named: give organisation_id or org_linkedin_url"),
    (
        EnrichOrganization,
        {"include_funding": True, "organisation_id": ""},
        "enrich_organization.organisation_id: is empty: leave it out instead",
    ),
]


@pytest.mark.parametrize(("kind", "fields", "said"), WRONG)
def test_a_wrong_request_names_field_value_and_mend(kind: type[PaidRequest], fields: dict[str, Any], said: str) -> None:
    hook = {"webhook_url": HOOK} if "webhook_url" in kind.model_fields else {}
    with pytest.raises(ConfigurationError) as refused:
        kind(**{**hook, **fields})
    assert str(refused.value).splitlines()[0].startswith(said)
    assert str(refused.value).splitlines()[-1] == "Nothing was sent."


def test_all_mistakes_are_told_at_once() -> None:
    fields = {"person": "7", "person_id": "", "company_domain": "www.clodura.ai"}
    with pytest.raises(ConfigurationError) as refused:
        RevealEmail(**fields)
    told = [line.partition(":")[0] for line in str(refused.value).splitlines()]
    assert sorted(told[:-1]) == [
        "reveal_email.company_domain",
        "reveal_email.person",
        "reveal_email.person_id",
        "reveal_email.webhook_url",
    ]


def test_no_address_no_name_and_no_webhook_is_shown() -> None:
    shown = [
        repr(RevealEmail(**KAPIL, company_domain="clodura.ai", webhook_url=HOOK)),
        repr(EnrichContact(**KAPIL, email="kapil@clodura.ai", linkedin_url=PROFILE)),
        repr(VerifyEmail(email="kapil@clodura.ai", webhook_url=HOOK)),
    ]
    wrongs: list[dict[str, Any]] = [
        {"email": "kapil(at)clodura.ai"},
        {"email": "kapil@clodura.ai", "webhook_url": "kapil"},
    ]
    for wrong in wrongs:
        with pytest.raises(ConfigurationError) as refused:
            VerifyEmail(**wrong)
        shown.append(str(refused.value))
    for text in shown:
        assert "kapil" not in text.lower()
        assert "hooks.example.com/clodura?" not in text
