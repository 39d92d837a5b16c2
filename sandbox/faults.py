"""Decides which calls go wrong, and how: rules that a test can state exactly, or probabilities drawn from the seed.

Nothing here acts; a decision is a value that the application carries out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

FaultKind = Literal[
    "status",
    "reset",
    "cut",
    "garbled",
    "silence",
    "dropped",
    "failed",
    "lost",
    "cancelled",
    "terminated",
    "timed_out",
    "continued_as_new",
]
Moment = Literal["before", "after"]

CLODURA_OPERATIONS: Final = (
    "search",
    "reveal_email",
    "reveal_phone",
    "track",
    "verify_email",
    "enrich_contact",
    "enrich_organization",
    "credits",
)
SIXTYFOUR_OPERATIONS: Final = ("find_email", "find_phone", "job_status", "check_balance", "signing_secret")
OPERATIONS: Final = CLODURA_OPERATIONS + SIXTYFOUR_OPERATIONS


@dataclass(frozen=True, slots=True)
class Fault:
    """How one call goes wrong.

    ``status``: answered with ``code``. ``reset``: the connection is reset without an answer. ``cut``: it is closed in
    the middle of the answer. ``garbled``: status 200 with a body that is no JSON. ``silence``: never answered.
    ``dropped``: the job is accepted and never finishes. ``failed``: the job ends with the status word "failed". Both
    are for reveals, verifications and Sixtyfour's jobs. ``cancelled``, ``terminated``, ``timed_out``,
    ``continued_as_new``: a job of Sixtyfour has this status; ``lost``: it is accepted and job-status does not know it.
    Other calls go on as if nothing were wrong.
    With moment ``before`` nothing has been done or charged; ``after``, everything has.
    """

    name: str
    kind: FaultKind
    moment: Moment
    code: int = 0


_NAMES: Final[dict[str, tuple[FaultKind, Moment]]] = {
    "reset_before": ("reset", "before"),
    "reset_after": ("reset", "after"),
    "cut_after": ("cut", "after"),
    "garbled_before": ("garbled", "before"),
    "garbled_after": ("garbled", "after"),
    "silence_before": ("silence", "before"),
    "silence_after": ("silence", "after"),
    "dropped": ("dropped", "after"),
    "failed": ("failed", "after"),
    "lost": ("lost", "after"),
    "cancelled": ("cancelled", "after"),
    "terminated": ("terminated", "after"),
    "timed_out": ("timed_out", "after"),
    "continued_as_new": ("continued_as_new", "after"),
}


def parse_fault(name: str) -> Fault:
    """The fault of that name: one of the list above, or ``429``, ``503_before``, ``500_after``, any status so.

    A bare status means before.
    """
    status = re.fullmatch(r"([3-5]\d\d)(?:_(before|after))?", name)
    if status is not None:
        return Fault(name, "status", "after" if status[2] == "after" else "before", int(status[1]))
    if name not in _NAMES:
        raise ValueError(f"unknown fault {name!r}: a status such as '429', '500_after', or one of {sorted(_NAMES)}")
    return Fault(name, *_NAMES[name])


@dataclass(frozen=True, slots=True)
class FaultRule:
    """Which calls go wrong: all the conditions given must hold. Without any, every call of the operation.

    ``operation`` is one of OPERATIONS or "any". Calls are counted per rule, over those of its operation and, where
    ``person_id`` or ``subject`` is given, about that person, address, company or lead: ``nth`` lists positions from 1,
    ``first`` means 1 to N. Calls refused for their key, their plan, a rate limit or a malformed body are not counted.
    """

    operation: str
    fault: str
    nth: tuple[int, ...] = ()
    first: int | None = None
    person_id: str | None = None
    probability: float = 1.0
    subject: str | None = None

    def __post_init__(self) -> None:
        parse_fault(self.fault)
        if self.operation not in (*OPERATIONS, "any"):
            raise ValueError(f"unknown operation {self.operation!r} in a fault: one of {OPERATIONS} or 'any'")

    def as_json(self) -> Mapping[str, object]:
        """The rule as it is written in a behaviour, conditions that are not given left out."""
        values = {name: getattr(self, name) for name in FaultRule.__slots__}
        defaults = {"nth": (), "first": None, "person_id": None, "probability": 1.0, "subject": None}
        return {name: value for name, value in values.items() if defaults.get(name, ...) != value}


class FaultDecider:
    """Applies the rules to calls in the order they come. The first rule that fits wins; all of them count the call."""

    def __init__(self, rules: tuple[FaultRule, ...], seed: int) -> None:
        self._rules = [(rule, parse_fault(rule.fault)) for rule in rules]
        self._counts = [0] * len(rules)
        self._draws = [random.Random(f"{seed}:fault:{position}") for position in range(len(rules))]

    def decide(
        self, operation: str, person_id: str | None, subject: str | None = None, also: Collection[str] = ()
    ) -> Fault | None:
        """What goes wrong with this call, if anything. ``subject`` is what it is about, in the books' words.

        ``also`` are further persons and subjects, for a call about several.
        """
        decided = None
        for position, (rule, fault) in enumerate(self._rules):
            if rule.operation not in (operation, "any") or rule.person_id not in (None, person_id, *also):
                continue
            if rule.subject not in (None, subject, *also):
                continue
            self._counts[position] += 1
            count = self._counts[position]
            drawn = self._draws[position].random() < rule.probability
            counted = (not rule.nth or count in rule.nth) and (rule.first is None or count <= rule.first)
            if drawn and counted and decided is None:
                decided = fault
        return decided
