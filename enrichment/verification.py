"""Which addresses are worth a verification, and when again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sources.providers import EmailStatus


class Policy(StrEnum):
    """Which addresses of people are verified by themselves."""

    NONE = "none"
    RISKY = "risky"  # those that nobody has called good or bad
    ALL = "all"


#: what `Policy.RISKY` verifies
UNSURE = frozenset({EmailStatus.RISKY, EmailStatus.UNVERIFIED, EmailStatus.GUESSED})


@dataclass(frozen=True)
class Verifying:
    """How a run verifies. ``again_after``: seconds after which a verdict is stale."""

    policy: Policy = Policy.NONE
    again_after: float = 90 * 86_400.0

    def wants(self, status: EmailStatus) -> bool:
        """Whether an address of that status, as it was bought, is verified."""
        return self.policy is Policy.ALL or (self.policy is Policy.RISKY and status in UNSURE)


DEFAULT = Verifying()
