"""The calls: which paths there are, and what each does once its body has been read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import parse_qs

from sandbox.sixtyfour.errors import Refusal, json_body
from sandbox.sixtyfour.jobs import Fate
from sandbox.sixtyfour.leads import Lead, read_lead
from sandbox.sixtyfour.results import number
from sandbox.sixtyfour.service import Sixtyfour
from sandbox.sixtyfour.switches import MOST_LEADS, SixtyfourSwitches
from sandbox.sixtyfour.values import Operation
from sandbox.sixtyfour.wanted import Purchase, Wanted
from sandbox.wire import Answer

PURCHASES: Final = {
    f"/{name}{bulk}{job}": (cast("Operation", name.replace("-", "_")), bool(bulk), bool(job))
    for name in ("find-email", "find-phone")
    for bulk in ("", "-bulk")
    for job in ("", "-async")
}
"""Paths of what is bought: the operation, whether of many leads, whether as a job."""

SECRET: Final = "/webhooks/signing-secret"
ROLL: Final = f"{SECRET}/roll"
BALANCE: Final = "/check-balance"
STATUS: Final = "/job-status/"


@dataclass(frozen=True, slots=True)
class Did:
    """The answer to a call, the job it is about, and whether it made a purchase."""

    answer: Answer
    task_id: str | None = None
    acted: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is ready to be carried out, and the leads it is about."""

    run: Callable[[Fate], Awaitable[Did]]
    leads: tuple[Lead, ...] = ()


def operation_of(path: str) -> str:
    """What a path is for, in the books' words."""
    if path in PURCHASES:
        return PURCHASES[path][0]
    if path in {SECRET, ROLL}:
        return "signing_secret"
    if path == BALANCE:
        return "check_balance"
    return "job_status" if path.startswith(STATUS) else "unknown"


def methods_of(path: str) -> tuple[str, ...]:
    """The methods a path is served with; none for one that is not served."""
    if path in PURCHASES or path == ROLL:
        return ("POST",)
    if path == SECRET:
        return ("GET", "POST", "DELETE")
    return ("GET",) if operation_of(path) != "unknown" else ()


def prepare(service: Sixtyfour, method: str, path: str, query: bytes, raw: bytes) -> Call:
    """Read a call of a path that is served. Raises Refusal."""
    from sandbox.sixtyfour import bodies

    if path in PURCHASES:
        operation, bulk, as_job = PURCHASES[path]
        return _purchase(service, bodies.read_wanted(operation, bulk, raw), as_job=as_job)
    hours = bodies.read(bodies.RollRequest, raw).expire_overlap_hours if path == ROLL else 0
    asked = parse_qs(query.decode(errors="replace"), keep_blank_values=True) if path.startswith(STATUS) else {}
    units = bodies.read_units(asked.get("cost_units", ["cents"])[-1])

    async def run(_fate: Fate) -> Did:
        if path.startswith(STATUS):
            task_id = path.removeprefix(STATUS)
            return Did(json_body(service.jobs.status(task_id, units)), task_id)
        if path == BALANCE:
            return Did(json_body({"credits": number(service.books.balance, "credits")}))
        return Did(_roll(service, hours) if path == ROLL else _secret(service, method))

    return Call(run)


def _purchase(service: Sixtyfour, wanted: Wanted, *, as_job: bool) -> Call:
    _check(wanted, service.switchboard.behaviour)
    purchase = Purchase(wanted, tuple(read_lead(fields, service.directory) for fields in wanted.leads))

    async def run(fate: Fate) -> Did:
        job = service.jobs.accept(purchase, at_once=not as_job)
        if as_job:
            return Did(json_body(await service.jobs.start(job, fate)), job.task_id, acted=True)
        await asyncio.sleep(service.luck.uniform(*service.switchboard.behaviour.sixtyfour_sync_seconds))
        return Did(json_body(await service.jobs.answer_at_once(job)), job.task_id, acted=True)

    return Call(run, purchase.leads)


def _check(wanted: Wanted, switches: SixtyfourSwitches) -> None:
    """What the schema does not say and the pages do, or leave open."""
    if wanted.bulk and not 1 <= len(wanted.leads) <= MOST_LEADS:
        raise Refusal(switches.sixtyfour_leads_status, f"leads: 1 to {MOST_LEADS} are required")
    if switches.sixtyfour_empty_lead == "refused" and not all(wanted.leads):
        raise Refusal(400, "Lead data is required")
    if wanted.providers and switches.sixtyfour_unknown_providers == "refused":
        raise Refusal(400, "providers: unknown provider")
    if switches.sixtyfour_https_only and wanted.webhook_url and not wanted.webhook_url.startswith("https://"):
        raise Refusal(400, "webhook_url: an HTTPS URL is required")


def _roll(service: Sixtyfour, hours: int) -> Answer:
    made = service.secrets.roll(hours)
    if made is None:
        raise Refusal(404, "No active signing secret")
    return json_body(made)


def _secret(service: Sixtyfour, method: str) -> Answer:
    match method:
        case "POST":
            return json_body(service.secrets.create(), 201)
        case "DELETE":
            service.secrets.revoke()
            return Answer(204, b"", ())
    return json_body(service.secrets.meta())
