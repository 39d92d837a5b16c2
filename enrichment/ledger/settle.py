"""Writing settlements: the call's end, its addresses and numbers, what each provider said, what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert

from enrichment.contacts import Email
from enrichment.ledger.evidence import Evidence, EvidenceCall, Verdict, close_settled, judged
from enrichment.ledger.moves import UNRESERVED, move, write_charges
from enrichment.ledger.schema import calls, charges, emails, phones, provider_results, verifications
from enrichment.settlement import STATUS_ORDER, Settlement, merged_charges, merged_outcome
from enrichment.states import State
from enrichment.storage import Prepared
from sources.providers import ANSWERS, Basis, Charge, EmailStatus, Outcome, Verification


def apply(
    connection: sa.Connection, document: Evidence, settlements: Sequence[Settlement], now: int, *, foreign: bool
) -> bool:
    """Apply a document's settlements, one a call, and note its verdict; True where any call was settled or added to."""
    if not document.calls:
        judged(connection, document.inbox_id, Verdict.UNMATCHED, "no such request here", now)
        return False
    if foreign:
        judged(connection, document.inbox_id, Verdict.QUARANTINED, "names another person or job", now)
        return False
    changed = False
    for call, settlement in zip(document.calls, settlements, strict=True):
        changed |= _apply_one(connection, document, call, settlement, now)
    notes = [settlement.note for settlement in settlements if settlement.note]
    verdict = Verdict.APPLIED if changed else Verdict.NO_NEWS
    judged(connection, document.inbox_id, verdict, notes[0] if notes else None, now)
    if changed:
        close_settled(connection, document.request_id)
    return changed


def _apply_one(
    connection: sa.Connection, document: Evidence, call: EvidenceCall, settlement: Settlement, now: int
) -> bool:
    added = _write_values(connection, call, settlement, now)
    if settlement.outcome is None:
        return added
    if call.state == State.SETTLED:
        return _add(connection, call, settlement, added, now)
    moved = move(
        connection,
        [call.call_id],
        State(call.state),
        State.SETTLED,
        f"evidence:{document.via}",
        now,
        changes={
            **UNRESERVED,
            **_ended(settlement.outcome, settlement.charges, settlement.note),
            "settled_at": now,
            # the charge counts in the run and on the day that reserved it, even past a cap
            "reserved_at": call.reserved_at or now,
        },
        request_id=document.request_id,
        evidence=True,
    )
    write_charges(connection, call.call_id, settlement.charges)
    _beside(connection, call, settlement.outcome, now, bought_anew=call.state in (State.VOID, State.REJECTED))
    return bool(moved)


def _add(connection: sa.Connection, call: EvidenceCall, settlement: Settlement, added: bool, now: int) -> bool:
    """Another document about a settled call: it may add, never take away."""
    known = Outcome(str(call.outcome))
    outcome = merged_outcome(known, settlement.outcome or known)
    before = _charges(connection, call.call_id)
    outdone = settlement.outcome not in (None, outcome)
    lines = merged_charges(before, settlement.charges, upgraded=outcome is not known, outdone=outdone)
    if outcome is known and not added and lines == before:
        return False
    connection.execute(
        calls.update()
        .where(calls.c.call_id == call.call_id)
        .values(**_ended(outcome, lines, settlement.note), updated_at=now, version=calls.c.version + 1)
    )
    write_charges(connection, call.call_id, lines)
    if outcome is not known:
        _beside(connection, call, outcome, now, bought_anew=known is Outcome.INCOMPLETE)
    return True


def _beside(connection: sa.Connection, call: EvidenceCall, outcome: Outcome, now: int, *, bought_anew: bool) -> None:
    """What an answer changes for other purchases of the same thing.

    ``bought_anew``: the thing was planned again because it seemed not bought, or not wholly: what of that has not left
    is not needed any more. And addresses that an earlier purchase gave may be former ones now: a sink is owed them.
    """
    if bought_anew and outcome in ANSWERS:
        for before in (State.PLANNED, State.RESERVED):
            ids = connection.execute(_LATER, {"id": call.call_id, "state": before}).scalars().all()
            note = {"note": "not needed: an earlier purchase of it was answered"}
            move(connection, ids, before, State.VOID, "not_needed", now, changes={**UNRESERVED, **note})
    if call.epoch > 1 and outcome is Outcome.FOUND:
        connection.execute(_OUTDATE, {"id": call.call_id})


def _ended(outcome: Outcome, lines: Sequence[Charge], note: str | None) -> Mapping[str, Any]:
    order = (Basis.BOUNDED, Basis.DOCUMENTED, Basis.REPORTED)
    return {
        "outcome": outcome,
        "amount_min": sum(line.amount_min for line in lines),
        "amount_max": sum(line.amount_max for line in lines),
        "basis": min((line.basis for line in lines), key=order.index, default=None),
        "note": note,
    }


def _write_values(connection: sa.Connection, call: EvidenceCall, settlement: Settlement, now: int) -> bool:
    """Keep addresses, numbers and results; True where any was new or better known than before."""
    who = {"call_id": call.call_id, "person_id": call.person_id, "revealed_at": now, "version": 1}
    added = False
    for email in settlement.emails:
        row = {"email": email.email, "type": email.type, "status": email.status, "status_raw": email.status_raw}
        new = _EMAIL.run(connection, {**who, **row, "found_by": email.found_by}) > 0
        added |= new or _learn(connection, call, email)
    for phone in settlement.phones:
        row = {"number": phone.number, "number_raw": phone.number_raw, "type": phone.type, "country": phone.country}
        added |= connection.execute(_PHONE, {**who, **row, "found_by": phone.found_by}).rowcount > 0
    if settlement.verification is not None:
        added |= _verdict(connection, call, settlement.verification, now)
    results = [
        {"call_id": call.call_id, "provider": r.provider, "value": r.value or "", "status_raw": r.status_raw, "at": now}
        for r in settlement.results
    ]
    if call.state == State.SETTLED:
        for result in results:
            added |= _RESULT.run(connection, result) > 0
    else:
        _RESULT.run_for_each(connection, results)
    return added


def _verdict(connection: sa.Connection, call: EvidenceCall, verdict: Verification, now: int) -> bool:
    """Keep the verdict on an address; a later document about the same call may correct it."""
    row = {
        "call_id": call.call_id,
        "email": verdict.address,
        "deep": int(verdict.deep),
        "status": verdict.status,
        "status_raw": verdict.status_raw,
        "created_at": verdict.created_at,
        "verified_at": now,
        "version": 1,
    }
    return connection.execute(_VERDICT, row).rowcount > 0


def _learn(connection: sa.Connection, call: EvidenceCall, email: Email) -> bool:
    """An address that is known already may have become better known."""
    this = (emails.c.call_id == call.call_id, emails.c.email == email.email)
    known = EmailStatus(connection.execute(sa.select(emails.c.status).where(*this)).scalar_one())
    if STATUS_ORDER.index(email.status) >= STATUS_ORDER.index(known):
        return False
    values = {"status": email.status, "status_raw": email.status_raw, "found_by": email.found_by}
    connection.execute(emails.update().where(*this).values(**values, version=emails.c.version + 1))
    return True


def _charges(connection: sa.Connection, call_id: str) -> tuple[Charge, ...]:
    rows = connection.execute(sa.select(charges).where(charges.c.call_id == call_id).order_by(charges.c.kind))
    return tuple(Charge(row.kind, row.amount_min, row.amount_max, Basis(row.basis)) for row in rows)


_other = calls.alias("other")
_OTHERS = sa.select(_other.c.call_id).where(
    calls.c.call_id == sa.bindparam("id"),
    _other.c.provider == calls.c.provider,
    _other.c.operation == calls.c.operation,
    _other.c.subject == calls.c.subject,
)
_LATER = _OTHERS.where(_other.c.epoch > calls.c.epoch, _other.c.state == sa.bindparam("state"))
_OUTDATE = (
    emails.update()
    .where(emails.c.call_id.in_(_OTHERS.where(_other.c.epoch < calls.c.epoch)))
    .values(version=emails.c.version + 1)
)
_EMAIL = Prepared(
    upsert(emails).on_conflict_do_nothing(),
    keys=("call_id", "email", "person_id", "type", "status", "status_raw", "found_by", "revealed_at", "version"),
)
_PHONE = upsert(phones).on_conflict_do_nothing()
_known = upsert(verifications)
_VERDICT = _known.on_conflict_do_update(
    index_elements=["call_id"],
    set_={
        "status": _known.excluded.status,
        "status_raw": _known.excluded.status_raw,
        "version": verifications.c.version + 1,
    },
    where=verifications.c.status != _known.excluded.status,
)
_RESULT = Prepared(
    upsert(provider_results).on_conflict_do_nothing(), keys=("call_id", "provider", "value", "status_raw", "at")
)
