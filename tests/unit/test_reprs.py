"""No repr shows a secret or anybody's data: of no class that holds them, whoever adds it.

Classes are judged by their fields. What a repr shows is of a kind that holds no text (a number, a flag, an enum), or
its name is on the list below. Whatever is neither gets ``repr=False``, or a line here that says why it is harmless.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

import destinations
import enrichment
import pipelines
import sources
from enrichment.capability import Capability
from enrichment.contacts import normalize_email, normalize_phone
from enrichment.ledger.claims import Claimed
from enrichment.ledger.deliveries import Deliveries
from enrichment.ledger.evidence import Evidence, EvidenceCall
from enrichment.ledger.plans import Wanted
from enrichment.settlement import settlement
from pipelines.doctor.webhook import Echo
from pipelines.leads.lead import Lead, Reject
from pipelines.leads.tables import Table
from pipelines.options import Verify
from pipelines.settings import LedgerSettings, WebhookSettings
from sources.clodura.client import CloduraClient, make_transport
from sources.clodura.columns import read_people
from sources.clodura.filters import parse_filters
from sources.clodura.provider import CloduraProvider
from sources.clodura.records import parse_page
from sources.clodura.requests import EnrichContact, RevealEmail, VerifyEmail
from sources.clodura.settings import CloduraSettings
from sources.documents import nodes
from sources.providers import (
    Ask,
    Channel,
    EmailStatus,
    FoundEmail,
    FoundPhone,
    Outcome,
    Person,
    ProviderResult,
    Reading,
    Verification,
    Via,
)
from sources.redaction import Secrets
from sources.sixtyfour.client import SixtyfourClient
from sources.sixtyfour.items import read_item
from sources.sixtyfour.jobs import read_job
from sources.sixtyfour.people import identity
from sources.sixtyfour.provider import SixtyfourProvider
from sources.sixtyfour.requests import FindEmail, FindPhoneBulk
from sources.sixtyfour.values import phones_in
from sources.transport import Answer, Answered
from tests.support.canaries import (
    ADDRESS,
    BODIES,
    FIRST_NAME,
    KEY,
    LAST_NAME,
    NUMBER,
    PASSWORD,
    PERSON,
    PERSON_ID,
    PROFILE,
    SENTENCE,
    SIGNING_KEY,
    assert_clean,
)

#: fields that hold text, and are shown
HARMLESS = frozenset(
    # names and ids that we or the settings gave
    "account base callback_base call_id call_ids dataset description destination folder hash host hosts key name "
    "operation operations owner plan polled_by provider "
    "request_id run_id search searches setting sink_id source table truncated unit "
    "user_agent window incomplete ceilings stop_when phone_providers email_providers checks vendors encoding order "
    # what is counted or kept by such a name
    "at caps ceilings checks doubtful failed halted order outcomes providers schema spent together vendors verified "
    "waterfalls windows "
    # a vendor's ids of persons, employers and jobs: they name nobody to whoever has no account there
    "person_id organization_id organisation_id tracking_id "
    # what windows of a search are named by
    "fingerprints "
    # words of ours: states, reasons, what a check found, paragraphs of errors; a reading of a search by name
    "coverage event exit_reason found http_outcome kind message mistakes note outcome reason run_summary state "
    "todo type unreachable warning warnings words wrong "
    # settings that a user wrote, in which nobody is named; company_domain and org_linkedin_url are an employer's
    "address allowed asked base_url business_model channels charge company_city company_country company_domain "
    "company_employee_size company_state contact_email_status duckdb_path email_providers enrich "
    "functional funding_type industry "
    "industry_keywords mode org_linkedin_url organisation_name organization_name person_city person_country "
    "person_state person_title phone_providers policy public_url rate_limits revenue search_charge seniority stop_when "
    "technology_parameters "
    "verify web_keywords "
    # what stands between the cells of a list
    "delimiter "
    # filters by which a search is split, fields of records that show them, values that the vendor's page lists, how
    # often a sample shows them; filters of remembered splits hide their values themselves
    "field choices fingerprints unproven listed seen tried split_by counts "
    "without several turns parts ended elsewhere has keys spooled "
    # where somebody is
    "country".split()
)


def classes() -> Iterator[type[Any]]:
    for package in (sources, enrichment, pipelines, destinations):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith("__main__") or ".migrations." in found.name:
                continue
            for one in vars(importlib.import_module(found.name)).values():
                if isinstance(one, type) and one.__module__ == found.name:
                    yield one


def shown_fields(one: type[Any]) -> list[str]:
    if issubclass(one, BaseModel):
        return [name for name, field in one.model_fields.items() if field.repr]
    if dataclasses.is_dataclass(one) and "__repr__" in vars(one):
        return [field.name for field in dataclasses.fields(one) if field.repr]
    return []


COLLECTIONS = (list, tuple, set, frozenset, dict, Sequence, Mapping, Union, UnionType)


def holds_text(hint: Any) -> bool:
    if hint in (str, bytes, Any, object, Path):
        return True
    return get_origin(hint) in COLLECTIONS and any(map(holds_text, get_args(hint)))


def test_no_field_that_may_hold_a_secret_or_anybodys_data_is_shown() -> None:
    judged = 0
    for one in classes():
        names = shown_fields(one)
        hints = get_type_hints(one) if names else {}
        for name in names:
            judged += 1
            assert not holds_text(hints[name]) or name in HARMLESS, f"{one.__module__}.{one.__name__}.{name}"
    assert judged > 300


def test_every_model_hides_what_it_was_given_from_its_errors() -> None:
    models = [one for one in classes() if issubclass(one, BaseModel)]
    assert len(models) > 10
    for model in models:
        assert model.model_config.get("hide_input_in_errors"), model


ASK = Ask("verify_email", ADDRESS, {"email": ADDRESS, "firstName": FIRST_NAME})
LEAD = {
    "name": f"{FIRST_NAME} {LAST_NAME}",
    "email": ADDRESS,
    "linkedin": PROFILE,
    "phone": NUMBER,
    "company": LAST_NAME,
}
READING = Reading(
    Outcome.FOUND,
    emails=(FoundEmail(ADDRESS, status_raw=SENTENCE, type_raw=SENTENCE, found_by=LAST_NAME),),
    phones=(FoundPhone(NUMBER, SENTENCE, SENTENCE, SENTENCE, LAST_NAME),),
    results=(ProviderResult(LAST_NAME, SENTENCE, ADDRESS),),
    verification=Verification(ADDRESS, EmailStatus.RISKY, status_raw=SENTENCE, created_at=SENTENCE),
)


def test_nothing_is_shown_of_what_is_held() -> None:
    secrets = Secrets()
    secrets.add(KEY)
    transport = make_transport("https://api.clodura.ai", KEY)
    client = CloduraClient(transport)
    answer = Answer(422, BODIES["message"], location=f"https://x.example/{ADDRESS}")
    call = EvidenceCall("call-1", f"linkedin:{LAST_NAME}", "DE", ASK.parameters, "sent", None, None, 1)
    held = [
        secrets,
        transport,
        client,
        CloduraProvider(client, "standard"),
        Capability(SIGNING_KEY, [SIGNING_KEY]),
        answer,
        Answered(answer),
        ASK,
        READING,
        settlement(READING, "Germany"),
        normalize_email(READING.emails[0]),
        normalize_phone(READING.phones[0], "Germany"),
        Person(f"linkedin:{LAST_NAME}", False, FIRST_NAME, LAST_NAME, PROFILE, "nest-canary.example", LAST_NAME),
        Person("1", full_name=f"{FIRST_NAME} {LAST_NAME}", title=SENTENCE, email=ADDRESS),
        Wanted("clodura", Channel.EMAIL, "credits", f"linkedin:{LAST_NAME}", ASK),
        Claimed("request-1", "clodura", "verify_email", 1, ("call-1",), (ASK.parameters,)),
        Evidence(1, "clodura", "verify_email", "request-1", None, Via.WEBHOOK, BODIES["message"], (call,)),
        Deliveries("emails", [f"p/{ADDRESS}"], ["hash"]),
        parse_page(1, BODIES["list"]),
        read_people(parse_page(1, BODIES["list"]).records),
        nodes(PERSON),
        CloduraSettings(api_key=KEY),
        WebhookSettings(signing_key=SIGNING_KEY, signing_key_previous=SIGNING_KEY),
        LedgerSettings(url=f"postgresql://me:{PASSWORD}@host/db"),
        parse_filters("x", {"first_name": FIRST_NAME, "last_name": LAST_NAME, "linkedin_url": PROFILE}),
        Verify((ADDRESS,)),
        Lead(1, PERSON_ID, PROFILE, LAST_NAME, FIRST_NAME, LAST_NAME, LAST_NAME, LAST_NAME, ADDRESS, LAST_NAME, "DE"),
        Reject(1, "nobody is named", values={"name": SENTENCE}),
        Table(LAST_NAME, (ADDRESS,), iter([])),
        RevealEmail(linkedin_url=PROFILE, webhook_url=f"https://h.example/hooks/clodura/x/{'0a' * 20}"),
        VerifyEmail(email=ADDRESS),
        EnrichContact(first_name=FIRST_NAME, last_name=LAST_NAME, organisation_name="A", email=ADDRESS),
        SixtyfourClient(transport),
        SixtyfourProvider(SixtyfourClient(transport)),
        FindEmail(lead=LEAD, webhook_url=f"https://h.example/hooks/sixtyfour/x/{'0a' * 20}"),
        FindPhoneBulk(leads=[LEAD]),
        identity([LEAD]),
        read_job({"status": "completed", "result": [LEAD]}, Channel.EMAIL, Via.POLL),
        read_item(LEAD, Channel.EMAIL, LEAD),
        phones_in(NUMBER),
        Echo(f"https://h.example/hooks/clodura/x/{'0a' * 20}", paths=[f"/hooks/clodura/x/{'0a' * 20}"]),
    ]
    assert_clean(*held)
    assert_clean(str(held))
