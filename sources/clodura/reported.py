"""What an answer itself says it cost, under any of the names that such a field may have. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sources.clodura import blocks, contacts
from sources.documents import Node, plain

_USED = "(used|consumed|charged|deducted|spent|debited|cost)"
_TOTAL = re.compile(
    rf"^(total)?credits?(usage)?{_USED}(total)?$|^(total)?{_USED}credits?$|^(total)?credits?usage(total|amount)?$"
    r"|^usage(total)?credits?$|^usagetotal$|^costin(credits?)$|^(total)?costcredits?$"
)
_KIND = re.compile(
    rf"^(unlock|export|phone|email|pool|contact)credits?{_USED}?$|^credits?{_USED}?(unlock|export|phone|pool)$"
)
#: what a provider's own part says of money is its price; elsewhere it may be a balance
_OF_A_PROVIDER = re.compile(r"^(credits?|cost|price|charge)$")
_AMOUNT = re.compile(r"\s*(\d{1,7}(?:\.\d{1,6})?)\s*(?:credits?)?\s*", re.IGNORECASE)


def reported(named: Iterable[Node]) -> int | None:
    """The credits that an answer says it cost, in 1/100: the job's figure, else the sum of the kinds or providers."""
    totals: list[int] = []
    kinds: list[int] = []
    parts: list[int] = []
    for node in named:
        amount = _hundredths(node.value)
        if amount is None or contacts.whose(node) == "others":
            continue
        flat, *above = (plain(name) for name in node.names)
        both = above[0] + flat if above else flat
        provider, part = blocks.part_of(node)
        of_provider = provider is not None and (part is None or part.parent is not None)
        if _TOTAL.match(flat) or _TOTAL.match(both):
            (parts if of_provider else totals).append(amount)
        elif _KIND.match(flat) or _KIND.match(both):
            kinds.append(amount)
        elif of_provider and _OF_A_PROVIDER.match(flat):
            parts.append(amount)
    if totals:
        return max(totals)
    told = kinds or parts
    return sum(told) if told else None


def _hundredths(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        match = _AMOUNT.fullmatch(value) if len(value) <= 30 else None
        value = float(match[1]) if match else None
    if not isinstance(value, int | float) or not 0 <= value < 10_000:
        return None
    return round(value * 100)
