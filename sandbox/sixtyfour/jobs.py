"""The life of a purchase: answered at once, or a job that is started, under way, and ended in one of several ways.

States: job-status of the published schema. When a job is charged is not documented; here, at its end.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from sandbox.behaviour import Behaviour, Switchboard
from sandbox.jobs import Surroundings, Timer
from sandbox.population import Person, Population
from sandbox.sixtyfour.books import Books, JobEntry, LeadEntry
from sandbox.sixtyfour.callbacks import Callbacks
from sandbox.sixtyfour.errors import Refusal
from sandbox.sixtyfour.findings import Finding
from sandbox.sixtyfour.job_status import Job, start_answer, status_body, webhook_body
from sandbox.sixtyfour.results import Manner, at_once_result
from sandbox.sixtyfour.searching import Search
from sandbox.sixtyfour.wanted import CostUnits, Purchase

Fate = Literal["normal", "dropped", "lost", "failed", "cancelled", "terminated", "timed_out", "continued_as_new"]


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Where new identifiers come from: a UUID each time."""

    new_uuid: Callable[[], str]

    def task(self, behaviour: Behaviour) -> str:
        """A new task_id in the form of the switches."""
        made = self.new_uuid()
        return made if behaviour.sixtyfour_id_form == "uuid" else f"job_{made.replace('-', '')}"


class Jobs:
    """Every purchase since the last reset."""

    def __init__(
        self,
        population: Population,
        search: Search,
        books: Books,
        callbacks: Callbacks,
        switchboard: Switchboard,
        surroundings: Surroundings,
        identifiers: Identifiers,
    ) -> None:
        self._population = population
        self._search = search
        self._books = books
        self._callbacks = callbacks
        self._switchboard = switchboard
        self._outside = surroundings
        self._identifiers = identifiers
        self._rng = random.Random(f"{population.seed}:sixtyfour:jobs")
        self._jobs: dict[str, Job] = {}
        self._timers: dict[str, Timer] = {}

    def accept(self, purchase: Purchase, *, at_once: bool) -> Job:
        """Book a purchase. Raises Refusal with 402."""
        task_id, now = self._identifiers.task(self._switchboard.behaviour), self._outside.now()
        self._search.reserve(task_id, purchase)
        wanted = purchase.wanted
        leads = tuple(LeadEntry(lead.subject, lead.person_id) for lead in purchase.leads)
        about = wanted.operation, wanted.mode, wanted.bulk, at_once, leads, wanted.webhook_url, now
        self._books.opened(JobEntry(task_id, *about))
        return Job(task_id, self._identifiers.new_uuid(), purchase, now)

    async def answer_at_once(self, job: Job) -> object:
        """Carry out a purchase that is no job; its result."""
        done = self._complete(job)
        behaviour = self._switchboard.behaviour
        if behaviour.sixtyfour_sync_webhook:
            await self._announce(done)
        return at_once_result(done.findings, job.purchase.wanted.bulk, self._person, self._manner())

    async def start(self, job: Job, fate: Fate) -> dict[str, Any]:
        """Start a job; the answer that says so."""
        behaviour = self._switchboard.behaviour
        if fate == "normal":
            fate = self._fate(behaviour)
        self._jobs[job.task_id] = replace(job, known=fate != "lost")
        if behaviour.sixtyfour_webhook_before_answer and fate not in {"dropped", "lost"}:
            await self._announce(self._end(job.task_id, fate if fate != "continued_as_new" else "normal"))
        else:
            self._after(job.task_id, fate)
        return start_answer(job, behaviour)

    def status(self, task_id: str, units: CostUnits) -> dict[str, Any]:
        """What job-status tells. Raises Refusal with 404."""
        job, behaviour = self._jobs.get(task_id), self._switchboard.behaviour
        if job is None or not job.known:
            raise Refusal(404)
        kept = behaviour.sixtyfour_kept_seconds
        if kept and job.closed is not None and self._outside.now() - job.closed >= kept:
            raise Refusal(404)
        return status_body(job, self._person, self._manner(units))

    def close(self) -> None:
        """Leave every running job unfinished."""
        for timer in self._timers.values():
            timer.cancel()

    def _fate(self, behaviour: Behaviour) -> Fate:
        luck = self._rng.random(), self._rng.random()
        if luck[0] < behaviour.sixtyfour_lost_probability:
            return "lost"
        if luck[1] < behaviour.sixtyfour_drop_probability:
            return "dropped"
        return "normal" if behaviour.sixtyfour_end_status == "completed" else behaviour.sixtyfour_end_status

    def _after(self, task_id: str, fate: Fate) -> None:
        seconds = self._rng.uniform(*self._switchboard.behaviour.sixtyfour_job_seconds)
        self._timers[task_id] = self._outside.later(seconds, lambda: self._turn(task_id, fate))

    def _turn(self, task_id: str, fate: Fate) -> None:
        """What happens when a job's time is over."""
        self._timers.pop(task_id, None)
        behaviour = self._switchboard.behaviour
        if fate == "continued_as_new" and not behaviour.sixtyfour_continued_ends:
            self._jobs[task_id] = replace(self._jobs[task_id], status=fate)
            self._books.closed(task_id, fate, finished=False)
            self._after(task_id, "normal")
            return
        ended = self._end(task_id, fate)
        if fate not in {"dropped", "lost"}:
            self._send(ended)

    def _end(self, task_id: str, fate: Fate) -> Job:
        job, behaviour = self._jobs[task_id], self._switchboard.behaviour
        if fate == "normal":
            done = self._complete(job)
        elif fate in {"dropped", "lost"}:
            self._search.give_up(task_id, job.purchase, fate, charged=behaviour.sixtyfour_dropped_charged)
            self._books.closed(task_id, fate, finished=False)
            done = job
        else:
            self._search.give_up(task_id, job.purchase, fate, charged=behaviour.sixtyfour_failed_charged)
            self._books.closed(task_id, fate)
            done = replace(job, status=fate, closed=self._outside.now())
        self._jobs[task_id] = done
        return done

    def _complete(self, job: Job) -> Job:
        findings = self._search.carry_out(job.task_id, job.purchase)
        self._books.closed(job.task_id, "completed")
        return replace(job, status="completed", closed=self._outside.now(), findings=findings)

    async def _announce(self, job: Job) -> None:
        """Post the webhook of a job that has ended: now, where it may come before the answer, else in time."""
        if self._switchboard.behaviour.sixtyfour_webhook_before_answer:
            await self._callbacks.deliver(job, self._message(job))
        else:
            self._send(job)

    def _send(self, job: Job) -> None:
        self._callbacks.send(job, self._message(job))

    def _message(self, job: Job) -> dict[str, Any] | None:
        switches = self._switchboard.behaviour
        manner = Manner(switches, switches.sixtyfour_webhook_tuple_length)
        return webhook_body(job, self._person, manner)

    def _manner(self, units: CostUnits = "cents") -> Manner:
        switches = self._switchboard.behaviour
        return Manner(switches, switches.sixtyfour_tuple_length, units)

    def _person(self, finding: Finding) -> Person | None:
        index = finding.lead.person
        return None if index is None else self._population.person(index)
