"""What a document itself says that it cost. Pure.

Wire facts: ``cost_cents`` in a result (skills repository), ``charge_amount`` on a job, in cents (find-email page) and
perhaps fractional; ``cost_credits`` and ``charge_credits`` where a poll asked for ``cost_units=credits`` (OpenAPI).
One example of the OpenAPI tells one job both ways: 5 cents are 0.5 credits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation

#: 1/100 cents in a cent, and in a credit as far as is known
CENT, CREDIT = 100, 1000
_IN_CENTS, _IN_CREDITS = ("charge_amount", "cost_cents"), ("charge_credits", "cost_credits")
#: more than anything costs; what a number is that cannot be money
_ABSURD = 10**9
_LONGEST = 25  # digits that Decimal counts exactly


@dataclass(frozen=True)
class Amount:
    """At least and at most so many 1/100 cents; ``in_credits``: told in credits, so that it rests on their rate."""

    least: int
    most: int
    in_credits: bool = False

    def covers(self, amount: int) -> bool:
        """Whether it may be this amount; nothing at all is told as nothing."""
        return self.least <= amount <= self.most and (amount > 0 or self.most == 0)


def told(block: object) -> Amount | None:
    """The amount that a block tells; None: it tells none. Cents count before credits."""
    if not isinstance(block, dict):
        return None
    in_cents = spanned(_amount(block.get(name), CENT) for name in _IN_CENTS)
    if in_cents is not None:
        return in_cents
    credits_ = spanned(_amount(block.get(name), CREDIT) for name in _IN_CREDITS)
    # nothing is nothing at any rate
    return Amount(credits_.least, credits_.most, credits_.most > 0) if credits_ is not None else None


def spanned(amounts: Iterable[Amount | None]) -> Amount | None:
    """What holds of one cost that is told several times: from the least to the most of it."""
    known = [amount for amount in amounts if amount is not None]
    exact = [amount for amount in known if not amount.in_credits] or known
    if not exact:
        return None
    return Amount(
        min(amount.least for amount in exact), max(amount.most for amount in exact), in_credits=exact[0].in_credits
    )


def added(amounts: Iterable[Amount | None]) -> Amount:
    """The sum; what is not told counts nothing."""
    known = [amount for amount in amounts if amount is not None]
    return Amount(
        sum(amount.least for amount in known),
        sum(amount.most for amount in known),
        in_credits=any(amount.in_credits for amount in known),
    )


def hundredths(value: object, unit: int) -> tuple[int, int] | None:
    """A number, or a text that is one, times ``unit``, rounded down and up; None: it is none that can be money."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, int) and abs(value) >= _ABSURD:
        return None
    text = value.strip() if isinstance(value, str) else repr(value) if isinstance(value, float) else f"{value:d}"
    try:
        number = Decimal(text) if len(text) <= _LONGEST else None
    except InvalidOperation:
        return None
    if number is None or not number.is_finite() or not 0 <= number < _ABSURD:
        return None
    scaled = number * unit
    return int(scaled.to_integral_value(ROUND_FLOOR)), int(scaled.to_integral_value(ROUND_CEILING))


def _amount(value: object, unit: int) -> Amount | None:
    bounds = hundredths(value, unit)
    return Amount(*bounds) if bounds is not None else None
