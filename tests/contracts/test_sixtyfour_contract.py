"""Our requests are what Sixtyfour's OpenAPI takes, and the answers that it describes are read as what they say."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.errors import ConfigurationError
from sources.providers import Channel, Outcome, Person, Via
from sources.sixtyfour import payload
from sources.sixtyfour.balance import read_balance
from sources.sixtyfour.client import SixtyfourClient, make_transport
from sources.sixtyfour.provider import SixtyfourProvider, request_for
from sources.sixtyfour.refusals import refused_leads
from sources.sixtyfour.requests import FindEmail, FindEmailBulk, FindPhone, FindPhoneBulk, FindRequest
from tests.contracts import sixtyfour_facts as facts

VALIDATORS = {
    path: jsonschema_rs.validator_for(schema, validate_formats=True) for path, schema in facts.REQUESTS.items()
}
TEXTS = st.none() | st.text(max_size=20) | st.sampled_from(["Jane", "Doe", "acme.com", "https://linkedin.com/in/jane"])
PEOPLE = st.builds(
    Person, person_id=st.just("p"), first_name=TEXTS, last_name=TEXTS, linkedin_url=TEXTS, company_domain=TEXTS,
    organization_name=TEXTS, full_name=TEXTS, title=TEXTS, email=TEXTS,
)  # fmt: skip
SETTINGS = st.fixed_dictionaries(
    {"mode": st.sampled_from(["PROFESSIONAL", "PERSONAL"])},
    optional={"verify_emails": st.booleans(), "providers": st.lists(st.sampled_from(["a", "b c"]), min_size=1)},
)


def test_there_are_no_other_paths() -> None:
    assert {kind.path for kind in (FindEmail, FindEmailBulk, FindPhone, FindPhoneBulk)} == set(facts.REQUESTS)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(PEOPLE, min_size=1, max_size=3),
    SETTINGS,
    st.sampled_from([Channel.EMAIL, Channel.PHONE]),
    st.sampled_from([None, "https://hooks.example.com/hooks/sixtyfour/1/abc"]),
)
def test_whatever_is_asked_is_a_request_of_the_contract(
    people: list[Person], options: dict[str, Any], channel: Channel, url: str | None
) -> None:
    client = SixtyfourClient(make_transport("http://127.0.0.1:9", "a-key-of-ours"))
    provider = SixtyfourProvider(client, **options)
    asks = [ask for person in people if (ask := provider.ask(channel, person))]
    if not asks:
        return
    request = request_for(asks[0].operation, [ask.parameters for ask in asks], url)
    body = json.loads(json.dumps(request.body()))
    VALIDATORS[request.path].validate(body)
    assert ("leads" in body) == (len(asks) > 1)


VALUES: dict[str, list[Any]] = {
    "lead": [{"name": "Jane"}, {}, [], "Jane", None, {"name": None}],
    "leads": [[{"name": "Jane"}], [], [{"name": "Jane"}] * 101, [7], {"name": "Jane"}],
    "mode": ["PERSONAL", "PROFESSIONAL", "personal", "Professional", "", 7],
    "verify_emails": [True, False, "true", 1],
    "providers": [["a"], [7], "a", {}],
    "webhook_url": ["https://a.example/b", "", "a b", "https://a.example/" + "x" * 2083, 7],
}


@pytest.mark.parametrize("kind", [FindEmail, FindEmailBulk, FindPhone, FindPhoneBulk])
@pytest.mark.parametrize("field", VALUES)
def test_what_the_contract_refuses_is_refused_before_it_is_sent(kind: type[FindRequest], field: str) -> None:
    """The other way round we are stricter: a lead that names nobody is refused by the vendor's own rules."""
    needed = "leads" if "leads" in kind.model_fields else "lead"
    good = {needed: VALUES[needed][0]}
    for value in VALUES[field]:
        body = {**good, field: value}
        if not VALIDATORS[kind.path].is_valid(body):
            with pytest.raises(ConfigurationError):
                kind(**body)
    assert kind(**{**good, **({field: VALUES[field][0]} if field in kind.model_fields else {})}).body()


JOB = {"id": "job_123", "run_id": "temporal-run-123", "start_time": "2026-06-10T00:00:00Z"}
DONE = {**JOB, "status": "completed", "close_time": "2026-06-10T00:01:00Z"}
ASKS = [{"lead": {"name": "Ada Lovelace", "company": "Engines"}}]


@pytest.mark.parametrize(
    ("document", "outcome"),
    [
        *(
            ({**JOB, "status": word}, None if word in ("running", "continued_as_new") else Outcome.FAILED)
            for word in facts.NOT_COMPLETED
        ),
        (
            {
                **DONE,
                "result": {
                    "structured_data": {"email": "ada@example.com"},
                    "confidence_score": 0.92,
                    "references": {"https://example.com": "Source page"},
                    "notes": "Found and verified requested information.",
                },
                "charge_amount": 5,
                "task_type": "lead_enrichment",
            },
            Outcome.FOUND,
        ),
        ({**DONE, "result": [{"name": "Ada Lovelace", "email": []}], "charge_credits": 0.5}, Outcome.NOT_FOUND),
        ({**DONE, "results": [{"filename": "a", "download_url": "https://a.example"}]}, Outcome.UNREADABLE),
    ],
)
def test_every_answer_of_a_poll_is_read(document: dict[str, Any], outcome: Outcome | None) -> None:
    jsonschema_rs.validate(facts.JOB_STATUS, document)
    [reading] = payload.read(json.dumps(document).encode(), "find_email", ASKS, "job_123", Via.POLL)
    assert reading.outcome is outcome


def test_the_other_answers_are_read() -> None:
    start = {"status": "RUNNING", "task_id": "job_123"}
    jsonschema_rs.validate(facts.START, start)
    assert payload.tracking_id(json.dumps(start).encode()) == "job_123"
    balance = {"credits": 12.5}
    jsonschema_rs.validate(facts.BALANCE, balance)
    assert read_balance(json.dumps(balance).encode()) is not None
    refused = {"detail": [{"loc": ["body", "leads", 1], "msg": "Field required", "type": "missing"}]}
    jsonschema_rs.validate(facts.VALIDATION_ERROR, refused)
    assert refused_leads(json.dumps(refused).encode(), 2) == (1,)
