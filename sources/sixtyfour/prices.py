"""What can be bought from Sixtyfour and what it costs: the price list as data, and how a total is shared out.

Prices are "per request" (the find-email page in an older version, the vendor's own skills repository). Whether a miss
is charged is documented nowhere, so one that the vendor tells no amount of has bounds. Amounts are in 1/100 cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sources.providers import Basis, Channel, Charge, Outcome
from sources.sixtyfour.amounts import Amount

UNIT = "cents"
CENT = 100

FIND_EMAIL = "find_email"
FIND_PERSONAL_EMAIL = "find_personal_email"
FIND_PHONE = "find_phone"
#: what each operation finds out
CHANNELS: Mapping[str, Channel] = {
    FIND_EMAIL: Channel.EMAIL,
    FIND_PERSONAL_EMAIL: Channel.EMAIL,
    FIND_PHONE: Channel.PHONE,
}
#: what one call costs: what is reserved before it is sent
PRICES: Mapping[str, int] = {FIND_EMAIL: 5 * CENT, FIND_PERSONAL_EMAIL: 20 * CENT, FIND_PHONE: 30 * CENT}


def charge(operation: str, outcome: Outcome, *, sure: bool = True) -> Charge:
    """What a call that ended so cost, by the price list alone.

    ``sure`` False: what was found may have been free, or cheaper. The kind of a charge is its operation.
    """
    price = PRICES[operation]
    if outcome is Outcome.FOUND and sure:
        return Charge(operation, price, price, Basis.DOCUMENTED)
    return Charge(operation, 0, price, Basis.BOUNDED)


def told_charge(operation: str, amount: Amount) -> Charge:
    """What a call cost of which the vendor tells the amount, above its price list too.

    Told in credits it rests on a rate that no page states (10 cents, from one example told both ways). Where it comes
    to the very price, the price list says so as well; else the truth is taken to lie between the two.
    """
    if not amount.in_credits:
        return Charge(operation, amount.least, amount.most, Basis.REPORTED)
    price = PRICES[operation]
    basis = Basis.DOCUMENTED if amount.least == amount.most == price else Basis.BOUNDED
    return Charge(operation, min(amount.least, price), max(amount.most, price), basis)


def shared(operation: str, total: Amount, found: Sequence[bool | None]) -> tuple[list[Charge], str | None]:
    """The calls' shares of what their one request cost, and a note where they are no more than that.

    ``found``: which of the calls found something; None where the answer does not say, and another one may. A total that
    is the price of all of them, of those that found something, or of none is that. Where the answer leaves some out, it
    is not known which calls beside those that found something were paid for: then each lies between bounds. Any other
    total is split evenly, so that the shares add up to it exactly.
    """
    price = PRICES[operation]
    untold = None in found
    patterns = (
        [[True] * len(found), [False] * len(found)] if untold else [[True] * len(found), found, [False] * len(found)]
    )
    for charged in patterns:
        if total.covers(price * sum(map(bool, charged))):
            parts = [Amount(price * bool(paid), price * bool(paid), total.in_credits) for paid in charged]
            return [told_charge(operation, part) for part in parts], None
    sure = price * sum(map(bool, found))
    if untold and sure <= total.most and total.least <= price * len(found):
        return [charge(operation, Outcome.FOUND if one else Outcome.UNREADABLE) for one in found], None
    least, most = _evenly(total.least, len(found)), _evenly(total.most, len(found))
    parts = [Amount(low, high, total.in_credits) for low, high in zip(least, most, strict=True)]
    note = "the vendor tells the cost of the whole request only: this is an even share of it"
    return [told_charge(operation, part) for part in parts], note


def _evenly(total: int, count: int) -> list[int]:
    share, rest = divmod(total, count)
    return [share + (position < rest) for position in range(count)]
