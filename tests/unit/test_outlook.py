"""What is said of a call: why it is in doubt, and what would resolve it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from enrichment.ledger.listing import Listed
from enrichment.states import State
from pipelines.outlook import Surroundings, outlook, span, why
from sources.providers import Outcome

NOW = 1_790_000_000_000_000
HOUR = 3600 * 1_000_000
CALL = Listed(
    call_id="c", provider="clodura", operation="reveal_email", person_id="p", search="s", epoch=1, state=State.IN_DOUBT,
    outcome=None, note="lost:ReadTimeout", attempts=1, unit="credits", at_risk=600, amount_min=None, amount_max=None,
    planned_at=NOW - 5 * HOUR, not_before=0, sent_at=NOW - 3 * HOUR, accepted_at=None, updated_at=NOW - 3 * HOUR,
    lease_until=None, tracking_id=None, http_outcome="lost", http_status=None,
)  # fmt: skip
HEARD = Surroundings(NOW, listening=True, give_up_after=86_400)
DEAF = replace(HEARD, listening=False)


@pytest.mark.parametrize(
    ("changes", "around", "says"),
    [
        ({}, HEARD, "no answer and no id: only a webhook can still tell, or `leadsync resolve`"),
        ({}, DEAF, "no answer and no id, and no webhook reaches this place: only `leadsync resolve`"),
        ({"http_outcome": "answered"}, HEARD, "no tracking id: only a webhook can still tell, or `leadsync resolve`"),
        (
            {"tracking_id": "t"},
            HEARD,
            "has a tracking id, and is asked about once a run, and a webhook can still come; else `leadsync resolve`",
        ),
        (
            {"tracking_id": "t", "accepted_at": NOW - 3 * HOUR},
            DEAF,
            "accepted 3 h ago, given up: has a tracking id, and is asked about once a run; else `leadsync resolve`",
        ),
        ({"state": State.PLANNED}, HEARD, "goes out in the next run that wants it"),
        (
            {"state": State.PLANNED, "not_before": NOW + 300_000_000},
            HEARD,
            "goes out in the next run that wants it, in 5 min or later",
        ),
        ({"state": State.RESERVED, "lease_until": NOW + 1}, HEARD, "a run is about to send it"),
        (
            {"state": State.RESERVED, "lease_until": NOW - 1},
            HEARD,
            "its run is gone: planned again from the next run on",
        ),
        ({"state": State.SENT, "lease_until": NOW + 1}, HEARD, "on the wire: a run waits for its answer"),
        ({"state": State.SENT, "lease_until": NOW - 1}, HEARD, "its run is gone: in doubt from the next run on"),
        (
            {"state": State.ACCEPTED, "accepted_at": NOW - 3 * HOUR, "tracking_id": "t"},
            HEARD,
            "under way: asked about for another 21 h, then once a run, and a webhook may come",
        ),
        (
            {"state": State.ACCEPTED, "accepted_at": NOW - 30 * HOUR, "tracking_id": "t"},
            DEAF,
            "under way: asked about until the next run gives it up, then once a run",
        ),
        (
            {"state": State.ACCEPTED, "accepted_at": NOW - 3 * HOUR},
            HEARD,
            "under way without a tracking id: only a webhook can tell; in doubt after another 21 h",
        ),
        (
            {"state": State.ACCEPTED, "accepted_at": NOW - 3 * HOUR},
            DEAF,
            "under way without a tracking id, and no webhook reaches this place: in doubt after another 21 h",
        ),
        (
            {"state": State.REJECTED},
            HEARD,
            "not sent again as it is; anew if it is asked for with other parameters",
        ),
        ({"state": State.VOID}, HEARD, "nothing was bought: planned anew by the next run that wants it"),
        (
            {"state": State.VOID, "note": "not needed: an earlier purchase of it was answered"},
            HEARD,
            "not bought, and not needed: what is known already answers it",
        ),
        (
            {"state": State.SETTLED, "outcome": Outcome.INCOMPLETE},
            HEARD,
            "the vendor ran out of credits half-way: asked for anew by the next run that wants it",
        ),
        (
            {"state": State.SETTLED, "outcome": Outcome.FOUND},
            HEARD,
            "not asked for again until it is stale (enrichment.refresh_after, reverify_after)",
        ),
        ({"state": State.SETTLED, "outcome": Outcome.FAILED}, HEARD, "the vendor's job failed: not asked for again"),
        (
            {"state": State.SETTLED, "outcome": Outcome.UNREADABLE},
            HEARD,
            "not asked for again; a document that still comes, or a later version, may say more",
        ),
    ],
)
def test_the_outlook(changes: dict[str, object], around: Surroundings, says: str) -> None:
    assert outlook(replace(CALL, **changes), around) == says  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("note", "says"),
    [
        ("lost:ReadTimeout", "the answer to the request was lost (ReadTimeout): whether it was taken is unknown"),
        ("http_503", "the vendor answered HTTP 503: whether it took the request is unknown"),
        ("http_409", "the vendor answered HTTP 409 while an earlier purchase of the same is unresolved"),
        ("the process ended before the answer came", "the process ended before the answer came"),
        ("accepted, but nothing final came", "accepted, but nothing final came"),
        (None, None),
    ],
)
def test_why_it_is_in_doubt(note: str | None, says: str | None) -> None:
    assert why(replace(CALL, note=note)) == says


def test_every_state_has_an_outlook() -> None:
    assert all(outlook(replace(CALL, state=state), HEARD) for state in State)


@pytest.mark.parametrize(
    ("seconds", "says"), [(0, "0 s"), (-5, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 days")]
)
def test_a_span_has_one_unit(seconds: int, says: str) -> None:
    assert span(seconds * 1_000_000) == says


@pytest.mark.parametrize(("carried", "shared"), [(0, False), (1, False), (40, True)])
def test_a_call_in_doubt_says_how_many_share_its_request(carried: int, shared: bool) -> None:
    said = why(replace(CALL, carried=carried)) or ""
    assert said.startswith("the answer to the request was lost (ReadTimeout)")
    assert said.endswith("; one of 40 calls that share its request") is shared
    assert why(replace(CALL, state=State.SETTLED, carried=carried)) == CALL.note
