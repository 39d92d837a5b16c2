"""What a document about a reveal says: found, not found, still under way, or nothing we can read. Pure.

The same reading serves the answer to a submit, the webhook body and the tracking answer, on both plan families. An end
needs positive evidence (a final status word, providers that are all done, a person's block without an address); a
pending word is never an end; a value that was promised but cannot be read makes the answer unreadable, not a miss.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sources.clodura import contacts, prices, words
from sources.documents import Node, NotJson, nodes, parse, plain, without
from sources.providers import (
    NO_NEWS,
    Channel,
    FoundEmail,
    FoundPhone,
    Outcome,
    ProviderResult,
    Reading,
    Via,
)

_REPORTED = words.word_set(
    "creditsused creditused creditsconsumed creditconsumed creditscharged creditcharged creditsdeducted creditdeducted "
    "creditcost creditscost"
)
_DONE_FLAGS = words.word_set("completed iscompleted finished isfinished done")
_JOB_NAMES = words.word_set("status state jobstatus progress statuscode code found")
_SAYS_NONE = re.compile(
    r"\bno (verified |valid )?(e-?mail|phone|mobile|number|contact)\b.*\bfound\b"
    r"|\b(e-?mail|phone|mobile|number)s?( address(es)?| numbers?)? (was |were |could )?not (be )?(found|located)\b",
    re.IGNORECASE,
)


def read(
    body: bytes, channel: Channel, plan: str, parameters: Mapping[str, Any], tracking_id: str | None, via: Via
) -> Reading:
    """The reading of one document about one reveal, asked for with ``parameters`` under job ``tracking_id``."""
    try:
        document = parse(body)
    except NotJson:
        return _unreadable(plan, channel, "the body is not JSON") if via is Via.WEBHOOK and body.strip() else NO_NEWS
    person_id = str(parameters["personId"]) if "personId" in parameters else None
    named = _named(document, "personid")
    jobs = _named(document, "trackingid")
    if (person_id and named and person_id not in named) or (tracking_id and jobs and tracking_id not in jobs):
        return Reading(outcome=None, foreign=True, note="the document names another person or job")
    if person_id and len(named) > 1:
        document = without(document, _other_people(document, person_id))
    return _Reader(document, channel, plan, via, person_id).read()


def tracking_id(body: bytes) -> str | None:
    """The job's id in the answer to a submit: ``trackingId``, or another name such an id may have."""
    try:
        document = parse(body)
    except NotJson:
        return None
    for name in ("trackingid", "jobid", "taskid"):
        for found in sorted(_named(document, name)):
            return found
    return None


def _named(document: Any, name: str) -> set[str]:
    return {
        str(node.value).strip()
        for node in nodes(document)
        if plain(node.key) == name and not node.is_key and _is_id(node.value)
    }


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and bool(str(value).strip())


def _other_people(document: Any, person_id: str) -> set[int]:
    others = set()
    for node in nodes(document):
        if isinstance(node.value, dict):
            own = [str(value) for key, value in node.value.items() if plain(key) == "personid"]
            if own and person_id not in own and person_id not in _named(node.value, "personid"):
                others.add(id(node.value))
    return others


def _unreadable(plan: str, channel: Channel, note: str) -> Reading:
    charges = prices.charges(plan, channel, Outcome.UNREADABLE)
    return Reading(outcome=Outcome.UNREADABLE, charges=charges, note=note)


@dataclass(frozen=True)
class _Reader:
    document: Any
    channel: Channel
    plan: str
    via: Via
    person_id: str | None

    def read(self) -> Reading:
        emails, phones, values_by_block = self._values()
        results, row_words = self._rows(values_by_block)
        outcome, note = self._outcome(bool(emails or phones), row_words)
        # an answer of several providers is charged as such, whatever plan the settings name
        plan = "multi_provider" if results else self.plan
        told = {(result.provider, result.value) for result in results}
        for value, word, by in [(e.address, e.status_raw, e.found_by) for e in emails] + [
            (p.number, p.status_raw, p.found_by) for p in phones
        ]:
            by = by or ("clodura" if plan == "standard" else None)
            if by and (by, value) not in told:
                results.append(ProviderResult(by, word, value))
        if plan == "standard" and outcome is Outcome.NOT_FOUND and not results:
            results.append(ProviderResult("clodura", "not found"))
        charges = prices.charges(plan, self.channel, outcome, emails, self._reported()) if outcome is not None else ()
        return Reading(outcome, tuple(emails), tuple(phones), tuple(results), charges, note=note)

    def _values(self) -> tuple[list[FoundEmail], list[FoundPhone], dict[int, list[tuple[str, str | None]]]]:
        emails: list[FoundEmail] = []
        phones: list[FoundPhone] = []
        by_block: dict[int, list[tuple[str, str | None]]] = {}
        if self.channel is Channel.EMAIL:
            for email, node in contacts.emails_in(self.document):
                emails.append(email)
                by_block.setdefault(contacts.provider_of(node)[1] or 0, []).append((email.address, email.status_raw))
        else:
            for phone, node in contacts.phones_in(self.document):
                phones.append(phone)
                by_block.setdefault(contacts.provider_of(node)[1] or 0, []).append((phone.number, phone.status_raw))
        return emails, phones, by_block

    def _rows(self, by_block: dict[int, list[tuple[str, str | None]]]) -> tuple[list[ProviderResult], list[str]]:
        """What each provider said, and the status words of all of them ("" where there is none)."""
        results, said = [], []
        for name, content, _ in contacts.provider_blocks(self.document):
            if isinstance(content, dict):
                word = contacts.block_status(content, "")
                if word is None and isinstance(content.get("found"), bool):
                    word = "found" if content["found"] else "not found"
                values = by_block.get(id(content), [])
            elif isinstance(content, str):
                value = contacts.addresses(content)
                word = None if value else content
                values = by_block.get(id(content), [(v, None) for v in value])
            else:
                word, values = None, by_block.get(id(content), [])
            said.append(word or "")
            results += [ProviderResult(name, status or word, value) for value, status in values]
            if not values:
                results.append(ProviderResult(name, word))
        return results, said

    def _outcome(self, found: bool, row_words: list[str]) -> tuple[Outcome | None, str | None]:
        job, inner = self._words()
        rows = [plain(word) for word in row_words]
        ended = bool(job & (words.ENDED | words.OK | words.FAILED | words.NOT_FOUND | words.NO_CREDITS))
        if job & words.PENDING or (not ended and (inner | set(rows)) & words.PENDING):
            return None, None
        if found:
            return Outcome.FOUND, None
        if self.via is Via.SUBMIT and not (job | set(rows)) & words.NOT_FOUND:
            return None, None  # "queued", in whatever words: the result comes later
        if (job | set(rows)) & words.NO_CREDITS:
            return Outcome.INCOMPLETE, "the vendor ran out of credits half-way"
        unread = self._promised(rows)
        if unread:
            return Outcome.UNREADABLE, unread
        if job & words.FAILED:
            return Outcome.FAILED, "the vendor says that its job failed"
        if self._proves_a_miss(job, rows):
            return Outcome.NOT_FOUND, None
        if self.via is Via.WEBHOOK and self.document not in ({}, [], None, ""):
            return Outcome.UNREADABLE, "nothing in it says what was found"
        return None, None

    def _proves_a_miss(self, job: set[str], rows: list[str]) -> bool:
        if job & (words.NOT_FOUND | words.ENDED) or self._says_none():
            return True
        if rows:
            return True  # none is pending, none has a value
        names_job = bool(_named(self.document, "trackingid"))
        block = self._person_block()
        if job & words.OK:
            # "success" alone may only mean that the question was understood
            return self.via is Via.WEBHOOK or names_job or block
        return block and (self.via is Via.WEBHOOK or self.plan == "standard")

    def _words(self) -> tuple[set[str], set[str]]:
        """The status words of the job as a whole, and all others, outside of the providers' blocks."""
        job: set[str] = set()
        inner: set[str] = set()
        for node in nodes(self.document):
            name = plain(node.key)
            if node.is_key or not node.steps or not isinstance(node.steps[-1][0], dict):
                continue
            block, steps = node.steps[-1][0], node.steps[:-1]
            word: str | None = None
            if isinstance(node.value, str) and re.search(r"(status|state|progress)$", name):
                word = plain(node.value)
            elif isinstance(node.value, bool) and name in (
                "completed",
                "iscompleted",
                "finished",
                "isfinished",
                "done",
            ):
                word = "completed" if node.value else "pending"
            elif isinstance(node.value, bool) and name == "found" and not node.value:
                word = "notfound"
            elif isinstance(node.value, int) and name in ("status", "statuscode", "code"):
                word = words.BY_NUMBER.get(node.value)
            if word is None or contacts.provider_of(node)[0] is not None:
                continue
            job_level = contacts.is_job_level(block, steps) and name in _JOB_NAMES | _DONE_FLAGS
            (job if job_level else inner).add(word)
        return job, inner

    def _promised(self, rows: list[str]) -> str | None:
        if any(word in words.PROMISES - words.OK for word in rows):
            return "a provider says that it found something, but it cannot be read"
        for node in nodes(self.document):
            if contacts.looks_unread(node, phone=self.channel is Channel.PHONE):
                return "a field that should hold the answer cannot be read"
        return None

    def _says_none(self) -> bool:
        return any(
            isinstance(node.value, str)
            and not node.is_key
            and plain(node.key) == "message"
            and _SAYS_NONE.search(node.value)
            for node in nodes(self.document)
        )

    def _person_block(self) -> bool:
        """A block about our person that says more than the id."""
        for node in nodes(self.document):
            if isinstance(node.value, dict):
                names = {plain(key): value for key, value in node.value.items()}
                ours = self.person_id is None or str(names.get("personid", "")) == self.person_id
                described = any(names.get(name) for name in ("firstname", "lastname", "fullname", "companydomain"))
                if "personid" in names and ours and (described or self.via is Via.WEBHOOK):
                    return True
        return False

    def _reported(self) -> int | None:
        """The credits that the answer says it cost, in 1/100: the job's figure, else the sum of the providers'."""
        own: list[int] = []
        parts: list[int] = []
        for node in nodes(self.document):
            if node.is_key or plain(node.key) not in _REPORTED:
                continue
            amount = _hundredths(node)
            if amount is not None:
                (parts if contacts.provider_of(node)[0] else own).append(amount)
        return max(own) if own else sum(parts) if parts else None


def _hundredths(node: Node) -> int | None:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float | str):
        return None
    try:
        amount = float(node.value)
    except ValueError:
        return None
    return round(amount * 100) if 0 <= amount < 10_000 else None
