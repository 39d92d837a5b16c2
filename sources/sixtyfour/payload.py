"""What a document about a request says of each of its calls. Pure, and never raises on anything a vendor may send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sources.documents import NotJson, parse
from sources.providers import NO_NEWS, Channel, Charge, Outcome, Reading, Via
from sources.sixtyfour import amounts, jobs, matching, prices
from sources.sixtyfour.items import Item, blocks_of, read_item
from sources.sixtyfour.people import Agreement, agreement, identity, is_somebody_else
from sources.sixtyfour.words import State

Asks = Sequence[Mapping[str, Any]]
_UNMATCHED = "which part of the answer is about this lead cannot be told with certainty"
_FOREIGN = Reading(outcome=None, foreign=True, note="the document names another job")
_STRANGERS = Reading(outcome=None, foreign=True, note="the document names other people, and not our job")


def read(body: bytes, operation: str, asks: Asks, tracking_id: str | None, via: Via) -> list[Reading]:
    """One reading for each ask, in order. ``asks`` are the parameters that the request was made of."""
    try:
        document = parse(body)
    except NotJson:
        lost = via is Via.WEBHOOK and body.strip()
        return _all(asks, operation, Outcome.UNREADABLE, "the body is not JSON") if lost else [NO_NEWS] * len(asks)
    if jobs.is_of_another_job(document, tracking_id):
        return [_FOREIGN] * len(asks)
    channel = prices.CHANNELS[operation]
    job = jobs.read_job(document, channel, via)
    if job.state is None and via is Via.WEBHOOK and not job.silent:
        return _all(asks, operation, Outcome.UNREADABLE, "nothing in it says how the job ended")
    if job.state in (None, State.PENDING):
        return [NO_NEWS] * len(asks)
    # what a poll brings is about our job, whomever it names; what is posted need not be
    if via is Via.WEBHOOK and not jobs.is_of_this_job(document, tracking_id) and _names_strangers(job.items, asks):
        return [_STRANGERS] * len(asks)
    end = Item(Outcome.FAILED if job.state is State.FAILED else Outcome.UNREADABLE, note=job.note)
    read_items: list[Item] = [end] * len(asks)
    own: list[amounts.Amount | None] = [None] * len(asks)
    if job.items is not None:
        read_items, own = _from_items(job.items, channel, asks)
    if job.state is State.FAILED:  # what it had found until then was found
        read_items = [item if item.outcome is Outcome.FOUND else end for item in read_items]
    if job.state is State.UNKNOWN:
        return [_not_final(item, job.note) for item in read_items]
    if job.only_if_found and any(item.outcome is not Outcome.FOUND for item in read_items):
        return [NO_NEWS] * len(asks)
    charges, note = _charges(operation, asks, read_items, own, _total(document))
    return [_reading(item, charge, note) for item, charge in zip(read_items, charges, strict=True)]


def tracking_id(body: bytes) -> str | None:
    """The job's id in the answer to a start."""
    try:
        return jobs.task_id(parse(body))
    except NotJson:
        return None


def _all(asks: Asks, operation: str, outcome: Outcome, note: str) -> list[Reading]:
    return [Reading(outcome, charges=(prices.charge(operation, outcome),), note=note) for _ in asks]


def _from_items(items: Sequence[Any], channel: Channel, asks: Asks) -> tuple[list[Item], list[amounts.Amount | None]]:
    """What is said of each ask, and the amount that its item tells."""
    leads = [lead_of(ask) for ask in asks]
    asked = [identity([lead]) for lead in leads]
    found: list[Item] = []
    own: list[amounts.Amount | None] = []
    matched = matching.match(leads, asked, [identity(blocks_of(item)) for item in items])
    for lead, position in zip(leads, matched, strict=True):
        if position is None:
            found.append(Item(Outcome.UNREADABLE, note=_UNMATCHED))
            own.append(None)
        else:
            found.append(read_item(items[position], channel, lead))
            own.append(amounts.told(items[position]))
    return found, own


def _names_strangers(items: Sequence[Any] | None, asks: Asks) -> bool:
    """Whether every item names somebody, and none of them anybody who was asked about."""
    told = [identity(blocks_of(item)) for item in items or ()]
    asked = [identity([lead_of(ask)]) for ask in asks]
    if len(told) == len(asked) == 1:
        return is_somebody_else(asked[0], told[0])
    return bool(told) and all(agreement(lead, item) is Agreement.OTHER for lead in asked for item in told)


def lead_of(ask: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who is asked about."""
    lead = ask.get("lead")
    return lead if isinstance(lead, Mapping) else {}


def _not_final(item: Item, note: str | None) -> Reading:
    """What was found is kept though nothing says that the job has ended."""
    if item.outcome is not Outcome.FOUND:
        return NO_NEWS
    return Reading(None, item.emails, item.phones, note=note)


def _reading(item: Item, charge: Charge | None, note: str | None) -> Reading:
    notes = "; ".join(filter(None, (item.note, note if charge is not None else None))) or None
    return Reading(item.outcome, item.emails, item.phones, charges=(charge,) if charge else (), note=notes)


def _total(document: Any) -> amounts.Amount | None:
    """What the whole request cost: told on the job, or in the object around a list of results."""
    if not isinstance(document, dict):
        return None
    return amounts.spanned(map(amounts.told, (document, document.get("result"))))


def _charges(
    operation: str,
    asks: Asks,
    items: Sequence[Item],
    own: Sequence[amounts.Amount | None],
    total: amounts.Amount | None,
) -> tuple[Sequence[Charge | None], str | None]:
    """What each call cost, None for one still under way; and a note where that is only a share of the whole."""
    if len(asks) == 1 and items[0].outcome is not None:
        amount = amounts.spanned((total, own[0]))
        return [_charge(operation, asks[0], items[0], amount)], None
    told = list(own)
    if total is not None and all(item.outcome is not None for item in items):
        if any(amount is not None for amount in own) and _adds_up(own, total):
            told = [amount or amounts.Amount(0, 0) for amount in own]  # what the others cost is the whole
        else:
            return prices.shared(operation, total, [_found(item) for item in items])
    return [
        _charge(operation, *each) if each[1].outcome else None for each in zip(asks, items, told, strict=True)
    ], None


def _found(item: Item) -> bool | None:
    return None if item.outcome is Outcome.UNREADABLE else item.outcome is Outcome.FOUND


def _adds_up(own: Sequence[amounts.Amount | None], total: amounts.Amount) -> bool:
    whole = amounts.added(own)
    return whole.in_credits == total.in_credits and whole.least <= total.most and total.least <= whole.most


def _charge(operation: str, ask: Mapping[str, Any], item: Item, amount: amounts.Amount | None) -> Charge:
    if amount is not None:
        return prices.told_charge(operation, amount)
    assert item.outcome is not None
    return prices.charge(operation, item.outcome, sure=_is_charged(operation, ask, item))


def _is_charged(operation: str, ask: Mapping[str, Any], item: Item) -> bool:
    """Whether what was found costs its price for sure (find-email page).

    An address that was sent along comes back, perhaps at no cost; and the price of a personal one may not be that of an
    answer in which none was found but the company's.
    """
    if prices.CHANNELS[operation] is Channel.PHONE:
        return True
    if lead_of(ask).get("email"):
        return False
    personal = any((email.type_raw or "").upper() == "PERSONAL" for email in item.emails)
    return personal or operation != prices.FIND_PERSONAL_EMAIL
