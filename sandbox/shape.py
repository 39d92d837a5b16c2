"""How people are spread over the values a search can filter by: as usual, skewed, or evenly.

"usual"   about as in a real contact database
"skewed"  one value of each of country, seniority, function, employee size and e-mail status holds ``top_share`` of
          everybody; ``unknown_share`` have no value there, or one that is on no documented list
"flat"    as usual, but everybody has exactly one seniority, and each seniority has as many people
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

Kind = Literal["usual", "skewed", "flat"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Shape:
    """The two shares, 0 to 1, are of a skewed population. Raises ValueError for what cannot be."""

    kind: Kind = "usual"
    top_share: float = 0.6
    unknown_share: float = 0.05

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {self.kind!r}")
        if not (self.top_share >= 0 and self.unknown_share >= 0 and self.top_share + self.unknown_share <= 1):
            raise ValueError(
                f"top_share and unknown_share must be 0 or more and at most 1 together, "
                f"not {self.top_share} and {self.unknown_share}"
            )

    def weights(self, known: Sequence[float], unknown: Sequence[float]) -> list[float]:
        """The share of each value: ``top_share`` for the first known one, the others of each kind by their weights."""
        others, rest = known[1:], 1 - self.top_share - self.unknown_share
        top = self.top_share if others else self.top_share + rest
        return [
            top,
            *(rest * weight / sum(others) for weight in others),
            *(self.unknown_share * weight / sum(unknown) for weight in unknown),
        ]


USUAL: Final = Shape()
