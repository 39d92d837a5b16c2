"""What a call asks for, once its body has been read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.sixtyfour.leads import Lead
from sandbox.sixtyfour.values import Mode, Operation, is_personal, price

CostUnits = Literal["cents", "credits"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a body asks for. ``webhook_url`` is None where none was given."""

    operation: Operation
    bulk: bool
    leads: Sequence[dict[str, Any]]
    mode: Mode
    verify: bool
    providers: tuple[str, ...]
    webhook_url: str | None


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a call asks for, its leads read."""

    wanted: Wanted
    leads: tuple[Lead, ...]

    @property
    def most(self) -> int:
        """The most that it can cost, in 1/100 cent."""
        return sum(most(self.wanted.operation, self.wanted.mode, lead) for lead in self.leads)


def most(operation: Operation, mode: Mode, lead: Lead) -> int:
    """The most that a lead can cost, in 1/100 cent: what has to be there before the work begins."""
    known_already = lead.address is not None and is_personal(lead.address)
    free = operation == "find_email" and mode == "PERSONAL" and known_already
    return 0 if free else price(operation, mode)
