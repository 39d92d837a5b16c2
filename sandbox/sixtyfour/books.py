"""Sixtyfour's own books: every call, every purchase with each of its leads, every charge, every webhook.

Amounts are integers of 1/100 cent. Times are seconds since 1970.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from sandbox.books import WebhookEntry, peak
from sandbox.sixtyfour.values import CENT


@dataclass(frozen=True, slots=True)
class CallEntry:
    """A call. ``status`` is None while, or because, no answer was sent; ``acted``: it made a purchase.

    ``subjects`` are the leads it is about; ``task_id`` the job it started or asked about.
    """

    time: float
    operation: str
    path: str
    status: int | None = None
    acted: bool = False
    fault: str | None = None
    subjects: tuple[str, ...] = ()
    task_id: str | None = None


@dataclass(frozen=True, slots=True)
class LeadEntry:
    """A lead of a purchase: ``outcome`` is None until it is known, ``person_id`` where nobody is meant."""

    subject: str
    person_id: str | None
    outcome: str | None = None
    amount: int = 0


@dataclass(frozen=True, slots=True)
class JobEntry:
    """A purchase, whether it was a job or answered at once (``at_once``).

    ``finished`` is None while it runs; ``status`` is the one that job-status tells, or how it went wrong.
    """

    task_id: str
    operation: str
    mode: str
    bulk: bool
    at_once: bool
    leads: tuple[LeadEntry, ...]
    webhook_url: str | None
    created: float
    finished: float | None = None
    status: str = "running"
    amount: int = 0


@dataclass(frozen=True, slots=True)
class ChargeEntry:
    """A charge for one lead; for none where it came from elsewhere."""

    time: float
    amount: int
    operation: str
    mode: str | None = None
    subject: str | None = None
    person_id: str | None = None
    task_id: str | None = None


class Books:
    """Everything since the last reset. ``cents`` is the balance then, ``now`` the clock."""

    def __init__(self, cents: float, now: Callable[[], float]) -> None:
        self._now = now
        self._allowance = round(cents * CENT)
        self.calls: list[CallEntry] = []
        self.jobs: dict[str, JobEntry] = {}
        self.charges: list[ChargeEntry] = []
        self.webhooks: list[WebhookEntry] = []
        self._spent = 0
        self._charged: Counter[tuple[str, str, str]] = Counter()

    @property
    def balance(self) -> int:
        """Hundredths of a cent that are left."""
        return self._allowance - self._spent

    def arrived(self, operation: str, path: str) -> int:
        """Book a call; the number returned stands for it."""
        self.calls.append(CallEntry(self._now(), operation, path))
        return len(self.calls) - 1

    def answered(
        self,
        number: int,
        status: int | None,
        *,
        acted: bool,
        fault: str | None,
        subjects: tuple[str, ...],
        task_id: str | None,
    ) -> None:
        """Book what became of a call."""
        entry = self.calls[number]
        self.calls[number] = replace(entry, status=status, acted=acted, fault=fault, subjects=subjects, task_id=task_id)

    def opened(self, job: JobEntry) -> None:
        """Book a purchase that was accepted."""
        self.jobs[job.task_id] = job

    def found(self, task_id: str, outcomes: list[tuple[str, int]]) -> None:
        """Book what became of each lead of a purchase, in order, and charge for it."""
        job = self.jobs[task_id]
        leads = []
        for lead, (outcome, amount) in zip(job.leads, outcomes, strict=True):
            leads.append(replace(lead, outcome=outcome, amount=amount))
            if amount:
                about = lead.subject, lead.person_id, task_id
                self.charges.append(ChargeEntry(self._now(), amount, job.operation, job.mode, *about))
                self._charged[job.operation, job.mode, lead.subject] += 1
        total = sum(lead.amount for lead in leads)
        self._spent += total
        self.jobs[task_id] = replace(job, leads=tuple(leads), amount=total)

    def closed(self, task_id: str, status: str, *, finished: bool = True) -> None:
        """Book how a purchase stands; one that never finishes has no end."""
        job = self.jobs[task_id]
        self.jobs[task_id] = replace(job, status=status, finished=self._now() if finished else None)

    def charge_elsewhere(self, amount: int) -> None:
        """Book a charge of somebody else with the same key."""
        self.charges.append(ChargeEntry(self._now(), amount, "elsewhere"))
        self._spent += amount

    def was_charged(self, operation: str, mode: str, subject: str) -> bool:
        """Whether this lead has ever been charged for this."""
        return (operation, mode, subject) in self._charged

    def posted(self, tracking_id: str, url: str, attempt: int, status: int | None, error: str | None) -> None:
        """Book one posting of a webhook; ``tracking_id`` is its task_id."""
        self.webhooks.append(WebhookEntry(self._now(), tracking_id, url, attempt, status, error))

    def busiest(self, seconds: float) -> int:
        """The most calls, of any operation, that arrived within any span shorter than that."""
        return peak([entry.time for entry in self.calls], seconds)

    def totals(self) -> dict[str, object]:
        """Sums over the lists. ``charged_again``: leads paid more than once for the same operation and mode."""
        calls: dict[str, Counter[str]] = {}
        for entry in self.calls:
            answer = "none" if entry.status is None else str(entry.status)
            calls.setdefault(entry.operation, Counter())[answer] += 1
        jobs: dict[str, Counter[str]] = {}
        leads: dict[str, Counter[str]] = {}
        for job in self.jobs.values():
            jobs.setdefault(job.operation, Counter())[job.status] += 1
            leads.setdefault(job.operation, Counter()).update(lead.outcome or "running" for lead in job.leads)
        charged: Counter[str] = Counter()
        for charge in self.charges:
            charged[charge.operation] += charge.amount
        accepted = sum(1 for post in self.webhooks if post.status is not None and 200 <= post.status < 300)
        return {
            "requests": calls,
            "jobs": jobs,
            "leads": leads,
            "charges_by_operation": charged,
            "charged": self._spent,
            "charged_again": sum(1 for count in self._charged.values() if count > 1),
            "balance": self.balance,
            "webhooks": {"posted": len(self.webhooks), "accepted": accepted},
            "peak": {"second": self.busiest(1.0), "minute": self.busiest(60.0)},
        }

    def lists(self) -> dict[str, object]:
        """Every entry, oldest first."""
        return {
            "requests": [asdict(entry) for entry in self.calls],
            "jobs": [asdict(entry) for entry in self.jobs.values()],
            "charges": [asdict(entry) for entry in self.charges],
            "webhooks": [asdict(entry) for entry in self.webhooks],
        }
