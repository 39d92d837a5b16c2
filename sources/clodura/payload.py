"""What a document about a reveal says: found, not found, still under way, or nothing we can read. Pure.

The same reading serves the answer to a submit, the webhook body and the tracking answer, on both plan families.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sources.clodura import blocks, contacts, prices, words
from sources.clodura.blocks import Row
from sources.clodura.ends import Evidence, outcome
from sources.clodura.reported import reported
from sources.documents import Node, NotJson, nodes, parse, plain
from sources.providers import (
    NO_NEWS,
    Channel,
    EmailStatus,
    FoundEmail,
    FoundPhone,
    Outcome,
    ProviderResult,
    Reading,
    Via,
)

Found = FoundEmail | FoundPhone
_BEST_FIRST = (
    EmailStatus.DELIVERABLE,
    EmailStatus.RISKY,
    EmailStatus.UNVERIFIED,
    EmailStatus.GUESSED,
    EmailStatus.UNDELIVERABLE,
)
#: names of ids that may stand for personId in a list of people
_IDS = words.word_set("id contactid prospectid leadid")


def read(
    body: bytes, channel: Channel, plan: str, parameters: Mapping[str, Any], tracking_id: str | None, via: Via
) -> Reading:
    """The reading of one document about one reveal, asked for with ``parameters`` under job ``tracking_id``."""
    try:
        found = nodes(parse(body))
    except NotJson:
        return _unreadable(plan, channel, "the body is not JSON") if via is Via.WEBHOOK and body.strip() else NO_NEWS
    person_id = str(parameters["personId"]) if "personId" in parameters else None
    named, jobs = _named(found, "personid"), _named(found, "trackingid")
    if (person_id and named and person_id not in named) or (tracking_id and jobs and tracking_id not in jobs):
        return Reading(outcome=None, foreign=True, note="the document names another person or job")
    if person_id:
        others = _others(found, person_id)
        found = [node for node in found if not _stands_in(node, others)] if others else found
    return _Reader(found, channel, plan, via, person_id).read()


def tracking_id(body: bytes) -> str | None:
    """The job's id in the answer to a submit: ``trackingId``, or another name such an id may have."""
    try:
        found = nodes(parse(body))
    except NotJson:
        return None
    for name in ("trackingid", "jobid", "taskid"):
        for told in sorted(_named(found, name)):
            return told
    blocks_of_ids = (node for node in found if plain(node.key) == "id" and _is_id(node.value))
    return next(
        (str(node.value).strip() for node in blocks_of_ids if list(map(plain, node.names))[1:2] == ["tracking"]), None
    )


def _named(found: Iterable[Node], name: str) -> set[str]:
    return {
        str(node.value).strip()
        for node in found
        if not node.is_key
        and isinstance(node.value, str | int)
        and plain(node.key) == name
        and _is_id(node.value)
        and contacts.whose(node) != "others"
    }


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and bool(str(value).strip())


def _others(found: Sequence[Node], person_id: str) -> dict[int, bool]:
    """The blocks that are about a person, by node: whether it is somebody else."""
    about: dict[int, bool] = {}
    lists: dict[int, str] = {}
    for node in found:
        if not node.is_key and node.parent is not None and isinstance(node.step, str) and _is_id(node.value):
            flat = plain(node.step)
            if flat == "personid":
                about[id(node.parent)] = str(node.value).strip() != person_id
            elif flat in _IDS and str(node.value).strip() == person_id and node.parent.parent is not None:
                lists[id(node.parent.parent)] = flat
    if lists:  # who else stands in the same list
        for node in found:
            if isinstance(node.value, dict) and (flat := lists.get(id(node.parent), "")):
                ids = {str(value).strip() for name, value in node.value.items() if plain(name) == flat}
                about.setdefault(id(node), bool(ids) and person_id not in ids)
    return about if any(about.values()) else {}


def _stands_in(node: Node, others: Mapping[int, bool]) -> bool:
    """Whether the nearest person's block around a node is somebody else's."""
    at: Node | None = node
    while at is not None:
        if id(at) in others:
            return others[id(at)]
        at = at.parent
    return False


def _unreadable(plan: str, channel: Channel, note: str) -> Reading:
    charges = prices.charges(plan, channel, Outcome.UNREADABLE)
    return Reading(outcome=Outcome.UNREADABLE, charges=charges, note=note)


@dataclass(frozen=True)
class _Reader:
    found: Sequence[Node]
    channel: Channel
    plan: str
    via: Via
    person_id: str | None

    def read(self) -> Reading:
        rows = blocks.rows(self.found)
        values = self._values()
        of_rows = {id(part) for _, part in values if part is not None}
        values = _with_loose_words(values, rows, of_rows)
        named = [node for node in self.found if isinstance(node.step, str) and node.parent and not node.is_key]
        evidence = Evidence(
            self.found, named, self.channel, self.plan, self.via, self.person_id, rows, of_rows, has_values=bool(values)
        )
        end, note = outcome(evidence)
        results = self._results(values, rows)
        # an answer of several providers is charged as such, whatever plan the settings name
        several = len({plain(result.provider) for result in results}) > 1
        plan = "multi_provider" if several else self.plan
        if plan == "standard" and end is Outcome.NOT_FOUND and not results:
            results = (ProviderResult("clodura", "not found"),)
        emails = tuple(value for value, _ in values if isinstance(value, FoundEmail))
        phones = tuple(value for value, _ in values if isinstance(value, FoundPhone))
        charges = prices.charges(plan, self.channel, end, emails, reported(named)) if end is not None else ()
        return Reading(end, emails, phones, results, charges, note=note)

    def _values(self) -> list[tuple[Found, Node | None]]:
        """Every address or number, with the provider's part of the answer that it stands in."""
        if self.channel is Channel.EMAIL:
            return [(email, blocks.provider_of(node)[1]) for email, node in contacts.emails_in(self.found)]
        return [(phone, blocks.provider_of(node)[1]) for phone, node in contacts.phones_in(self.found)]

    def _results(self, values: Sequence[tuple[Found, Node | None]], rows: Sequence[Row]) -> tuple[ProviderResult, ...]:
        """What each provider said: a result for each of its values, one for a miss, none twice."""
        told: dict[tuple[str, str], ProviderResult] = {}
        words_of = {plain(row.provider): row.word for row in reversed(rows) if row.word}
        for value, _ in values:
            by = value.found_by or ("clodura" if self.plan == "standard" else None)
            if by:
                word = value.status_raw or words_of.get(plain(by))
                told.setdefault((plain(by), _key(value)), ProviderResult(by, word, _text(value)))
        successful = {provider for provider, _ in told}
        for row in rows:
            if plain(row.provider) not in successful:
                told.setdefault((plain(row.provider), ""), ProviderResult(row.provider, row.word))
        return tuple(told.values())


def _text(value: Found) -> str:
    return value.address if isinstance(value, FoundEmail) else value.number


def _key(value: Found) -> str:
    text = _text(value)
    return text.casefold() if isinstance(value, FoundEmail) else "".join(char for char in text if char.isdigit())


def _with_loose_words(
    values: Sequence[tuple[Found, Node | None]], rows: Sequence[Row], of_rows: set[int]
) -> list[tuple[Found, Node | None]]:
    """Values joined to what stands apart from them.

    A value without a provider belongs to the row that says it found something and shows nothing; a value without a word
    has that of its provider's row.
    """
    loose = [row for row in rows if row.word and id(row.node) not in of_rows]
    words_of = {plain(row.provider): row.word for row in loose}
    attributed = {_key(value) for value, _ in values if value.found_by}
    free = {_key(value) for value, _ in values} - attributed
    finder = _finder([row for row in loose if blocks.claims(row)], len(free))
    joined: list[tuple[Found, Node | None]] = []
    for value, part in values:
        if finder is not None and _key(value) in free:
            value = replace(value, found_by=finder.provider)
        word = words_of.get(plain(value.found_by)) if value.found_by and value.status_raw is None else None
        if word and isinstance(value, FoundEmail):
            value = replace(value, status_raw=word, status=words.email_status(word))
        elif word:
            value = replace(value, status_raw=word)
        joined.append((value, part))
    return joined


def _finder(claiming: Sequence[Row], free: int) -> Row | None:
    """Whose the values are that stand apart: the only one's that claims a find; a single value is the best claim's."""
    if len(claiming) < 2 or free > 1:
        return claiming[0] if len(claiming) == 1 else None
    ranks = sorted((_BEST_FIRST.index(words.email_status(row.word)), index) for index, row in enumerate(claiming))
    return claiming[ranks[0][1]] if ranks[0][0] < ranks[1][0] else None
