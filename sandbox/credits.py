"""The plans, their allowances, and what the credits page answers for each (credits page, one tab a plan family)."""

from __future__ import annotations

from typing import Final, Literal

from sandbox.behaviour import Behaviour, RemainingForm
from sandbox.books import Books, ChargeKind

Plan = Literal["standard", "multi_provider"]
"""``standard`` stands for Prospect and Prospect Pro, ``multi_provider`` for Free Forever, Max and PAYG."""

PLANS: Final[tuple[Plan, ...]] = ("standard", "multi_provider")
DEFAULT_ALLOWANCE: Final = 1_000_000.0
"""Credits; on standard plans both contact views and direct dials."""
CREDIT: Final = 100
"""Amounts are hundredths of a credit."""


class Account:
    """What may still be spent. ``allowance`` is in credits."""

    def __init__(self, plan: Plan, allowance: float, books: Books) -> None:
        self.plan = plan
        self._allowance = round(allowance * CREDIT)
        self._books = books

    def remaining(self, operation: str) -> int | None:
        """Hundredths of a credit left for an operation; None where nothing limits it.

        Export credits, which a search costs on standard plans, have no counter on the credits page, and so no end here.
        """
        spent = self._books.spent
        if self.plan == "multi_provider":
            return self._allowance - spent["pool"]
        counters = {"reveal_email": spent["unlock"], "reveal_phone": spent["phone"]}
        return self._allowance - counters[operation] if operation in counters else None

    def exhausted(self, operation: str, needed: int = 1) -> bool:
        """Whether less than ``needed`` hundredths are left for the operation."""
        remaining = self.remaining(operation)
        return remaining is not None and remaining < needed

    @property
    def kind(self) -> ChargeKind:
        """What a call pays with whose page tells one price for all plans: the pool, or export credits."""
        return "pool" if self.plan == "multi_provider" else "export"

    def answer(self, behaviour: Behaviour) -> dict[str, object]:
        """The body of the credits page."""
        if self.plan == "multi_provider":
            spent = self._books.spent["pool"]
            extra: dict[str, object] = {
                "plan": "Max",
                "totalCredits": _number(self._allowance),
                "usedCredits": _number(spent),
                "renewsAt": "2099-01-01T00:00:00.000Z",
            }
            remaining = _written(self._allowance - spent, behaviour.remaining_form)
            return {"remainingCredits": remaining, **(extra if behaviour.credits_extra else {})}
        return {
            "contactsView": self._books.spent["unlock"] // CREDIT,
            "maxContacts": str(self._allowance // CREDIT),
            "directDials": self._books.spent["phone"] // CREDIT,
            "maxDirectDials": self._allowance // CREDIT,
        }


def _written(hundredths: int, form: RemainingForm) -> int | float | str:
    match form:
        case "decimal":
            return hundredths / CREDIT
        case "integer":
            return hundredths // CREDIT
        case "string":
            return str(_number(hundredths))
    return _number(hundredths)


def _number(hundredths: int) -> int | float:
    return hundredths / CREDIT if hundredths % CREDIT else hundredths // CREDIT
