"""The vendor's own books: every request seen, every job, charge and webhook. Kept apart from what clients are told.

Amounts are integers of 1/100 credit. Times are seconds since 1970.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Literal

from sandbox.filters import MOST_PAGES, Filters

ChargeKind = Literal["unlock", "export", "phone", "pool"]


@dataclass(frozen=True, slots=True)
class RequestEntry:
    """A request. ``status`` is None while, or because, no answer was sent; ``acted``: it made a job or a charge.

    ``subject`` is what it is about: a person's identifier, the address to verify, an organization's identifier; here
    and in the other entries.
    """

    time: float
    operation: str
    status: int | None = None
    person_id: str | None = None
    acted: bool = False
    fault: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class JobEntry:
    """A reveal or verification that was accepted.

    ``finished`` and ``outcome`` are None while it runs; ``amount`` is what it cost.
    """

    tracking_id: str
    operation: str
    person_id: str | None
    webhook_url: str | None
    created: float
    finished: float | None = None
    outcome: str | None = None
    amount: int = 0
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class ChargeEntry:
    """A charge. The one of a search page stands for all its records and names no person."""

    time: float
    kind: ChargeKind
    amount: int
    person_id: str | None
    operation: str
    tracking_id: str | None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookEntry:
    """One posting of a webhook. ``status`` is the receiver's answer, ``error`` why there was none."""

    time: float
    tracking_id: str
    url: str
    attempt: int
    status: int | None
    error: str | None


@dataclass(slots=True)
class WindowEntry:
    """A set of filters, whatever its pages. ``past_end``: calls behind its last page; ``page_100``: calls for that one.

    ``again`` counts calls for a page that was asked for before, ``people`` those shown, each as often as shown.
    """

    calls: int = 0
    past_end: int = 0
    page_100: int = 0
    again: int = 0
    people: int = 0


class Books:
    """Everything since the last reset. ``now`` is the clock, seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.requests: list[RequestEntry] = []
        self.jobs: dict[str, JobEntry] = {}
        self.charges: list[ChargeEntry] = []
        self.webhooks: list[WebhookEntry] = []
        self.spent: Counter[ChargeKind] = Counter()
        self._charged: dict[tuple[str, str], set[str]] = {}
        self.windows: dict[tuple[Filters, bool], WindowEntry] = {}
        self._pages: dict[tuple[Filters, bool], set[int]] = {}

    def arrived(self, operation: str) -> int:
        """Book a request; the number returned stands for it."""
        self.requests.append(RequestEntry(self._now(), operation))
        return len(self.requests) - 1

    def answered(
        self,
        number: int,
        status: int | None,
        *,
        person_id: str | None,
        acted: bool,
        fault: str | None,
        subject: str | None = None,
    ) -> None:
        """Book what became of a request."""
        entry = self.requests[number]
        about = subject or person_id
        self.requests[number] = RequestEntry(entry.time, entry.operation, status, person_id, acted, fault, about)

    def searched(self, window: tuple[Filters, bool], people: int, *, page: int) -> None:
        """Book a search call: the filters and whether viewed people are left out; how many its page showed."""
        entry = self.windows.setdefault(window, WindowEntry())
        entry.calls += 1
        entry.people += people
        entry.past_end += page > 1 and not people
        entry.page_100 += page == MOST_PAGES
        pages = self._pages.setdefault(window, set())
        entry.again += page in pages
        pages.add(page)

    def busiest(self, seconds: float) -> int:
        """The most requests, of any operation, that arrived within any span shorter than that."""
        return peak([entry.time for entry in self.requests], seconds)

    def opened(self, job: JobEntry) -> None:
        """Book an accepted job."""
        self.jobs[job.tracking_id] = job

    def closed(self, tracking_id: str, outcome: str, *, finished: bool) -> None:
        """Book the end of a job; one that was dropped never finishes."""
        job = self.jobs[tracking_id]
        self.jobs[tracking_id] = replace(job, outcome=outcome, finished=self._now() if finished else None)

    def charge(
        self,
        kind: ChargeKind,
        amount: int,
        operation: str,
        person_id: str | None = None,
        tracking_id: str | None = None,
        subject: str | None = None,
    ) -> None:
        """Book a charge; to its job too, where it has one. ``subject`` need not be given beside ``person_id``."""
        about = subject or person_id
        self.charges.append(ChargeEntry(self._now(), kind, amount, person_id, operation, tracking_id, about))
        self.spent[kind] += amount
        if tracking_id is not None:
            job = self.jobs[tracking_id]
            self.jobs[tracking_id] = replace(job, amount=job.amount + amount)
        if about is not None:
            # Several charges of one job are one purchase; a charge without a job is one of its own.
            self._charged.setdefault((operation, about), set()).add(tracking_id or str(len(self.charges)))

    def was_charged(self, operation: str, subject: str) -> bool:
        """Whether this operation on this subject has ever been charged."""
        return (operation, subject) in self._charged

    def posted(self, tracking_id: str, url: str, attempt: int, status: int | None, error: str | None) -> None:
        """Book one posting of a webhook."""
        self.webhooks.append(WebhookEntry(self._now(), tracking_id, url, attempt, status, error))

    def totals(self) -> dict[str, object]:
        """Sums over the lists. ``charged_again``: how many (operation, subject) pairs were paid more than once."""
        requests: dict[str, Counter[str]] = {}
        for entry in self.requests:
            answer = "none" if entry.status is None else str(entry.status)
            requests.setdefault(entry.operation, Counter())[answer] += 1
        jobs: dict[str, Counter[str]] = {}
        for job in self.jobs.values():
            jobs.setdefault(job.operation, Counter())[job.outcome or "running"] += 1
        charged: Counter[str] = Counter()
        for charge in self.charges:
            charged[charge.operation] += charge.amount
        accepted = sum(1 for post in self.webhooks if post.status is not None and 200 <= post.status < 300)
        windows = self.windows.values()
        return {
            "requests": requests,
            "jobs": jobs,
            "charges": dict(self.spent),
            "charges_by_operation": charged,
            "charged": self.spent.total(),
            "charged_again": sum(1 for purchases in self._charged.values() if len(purchases) > 1),
            "webhooks": {"posted": len(self.webhooks), "accepted": accepted},
            "search": {
                "windows": len(windows),
                "records": sum(window.people for window in windows),
                "past_end": sum(window.past_end for window in windows),
                "past_end_per_window": max((window.past_end for window in windows), default=0),
            },
            "peak": {"second": self.busiest(1.0), "minute": self.busiest(60.0)},
        }

    def lists(self) -> dict[str, object]:
        """Every entry, oldest first."""
        return {
            "requests": [asdict(entry) for entry in self.requests],
            "jobs": [asdict(entry) for entry in self.jobs.values()],
            "charges": [asdict(entry) for entry in self.charges],
            "webhooks": [asdict(entry) for entry in self.webhooks],
        }


def peak(times: list[float], seconds: float) -> int:
    """The most of ``times``, ascending, that lie within any span shorter than ``seconds``."""
    peak = start = 0
    for position, time in enumerate(times):
        while time - times[start] >= seconds:
            start += 1
        peak = max(peak, position - start + 1)
    return peak
