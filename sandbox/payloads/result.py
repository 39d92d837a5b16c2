"""What every shape is made from, and the members that the documentation names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.credits import CREDIT, Plan
from sandbox.outcomes import Outcome

Payload = dict[str, object]


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a reveal was about, as far as known; for somebody unknown, what the request said."""

    person_id: str
    first_name: str
    last_name: str
    company_domain: str
    linkedin_url: str


@dataclass(frozen=True, slots=True)
class Result:
    """A finished job."""

    tracking_id: str
    subject: Subject
    outcome: Outcome

    @property
    def values(self) -> tuple[str, ...]:
        """The address or numbers to give; empty where nothing was found."""
        return self.outcome.best.values if self.outcome.best else ()

    @property
    def value(self) -> str | None:
        """The first of them."""
        return self.values[0] if self.values else None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the numbers, beside ``values``."""
        return self.outcome.best.kinds if self.outcome.best else ()

    @property
    def status(self) -> str:
        """The status word of the best row, or an empty string."""
        return self.outcome.best.status if self.outcome.best else ""

    @property
    def credits_used(self) -> float:
        """What the job cost, in credits."""
        return sum(amount for _, amount in self.outcome.prices) / CREDIT


Shape = Callable[[Result], Payload]


def person(result: Result, *, domain: bool = True) -> Payload:
    """The members of a Standard payload that are described: identifier, names and, for an e-mail, the domain."""
    subject = result.subject
    described: Payload = {
        "personId": subject.person_id,
        "firstName": subject.first_name,
        "lastName": subject.last_name,
    }
    return {**described, "companyDomain": subject.company_domain} if domain else described


def job(result: Result) -> Payload:
    """The members of a Multi-Provider payload that are described: tracking ID and final status."""
    return {"trackingId": result.tracking_id, "status": "success"}


def failed(result: Result, plan: Plan, word: str) -> Payload:
    """A job that failed. Only "success" is documented as a final status; ``word`` stands for another."""
    if plan == "standard":
        return {**person(result), "status": word}
    return {"trackingId": result.tracking_id, "status": word}
