"""Whether a document about a reveal is an end, and which. Pure.

An end needs positive evidence: a final status word, providers that are all done, a Standard person's block without an
address. A pending word is never an end; a value that was promised but cannot be read makes the answer unreadable, not
a miss; an answer to a submit is an end only where the result itself is in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sources.clodura import blocks, contacts, fields, words
from sources.clodura.blocks import Row
from sources.clodura.words import Says
from sources.documents import Node, plain
from sources.providers import Channel, Outcome, Via

End = tuple[Outcome | None, str | None]
NO_END: End = (None, None)

_JOB_NAMES = words.word_set("status state jobstatus jobstate progress result outcome")
_WORD_NAMES = words.word_set("code errorcode error reason result event")
_DONE_FLAGS = words.word_set("completed iscompleted complete iscomplete finished isfinished done isdone ready isready")
_PENDING_FLAGS = words.word_set(
    "pending ispending processing isprocessing inprogress isinprogress queued isqueued running"
)
_FOUND_NAMES = words.word_set("found isfound emailfound phonefound matchfound hasmatch matched")
_NUMBER_NAMES = words.word_set("status statuscode code")
#: what comes back of a search record or a request, and says nothing of the reveal
_ECHO = words.word_set(
    "trackingid jobid taskid requestid personid firstname lastname fullname name companydomain linkedinurl personcity "
    "personstate personcountry seniority persontitle functional contactemailstatus organizationid organizationname "
    "companyemployeesize companycountry webhookurl revealphonenumberviapartners event type timestamp createdat page "
    "perpage per total totalentries totalpages totalcount limit offset id"
)
#: a message that the result is still to come
_WAITING = re.compile(
    r"will be (triggered|sent|posted|delivered|notified|called|available)|being processed|in[ -]progress|queue"
    r"|pending|processing(?! (is |was |has |has been )?(complete|done|finished|ended))"
    r"|not (yet )?(ready|available|complete|finished)|try again|check back|please wait|still (running|working|looking)"
    r"|once .{0,40}(complete|done|ready|finished)"
    r"|\byet\b|so far|under way|(submitted|accepted|received|scheduled|started)( successfully)?[.!]?\s*$",
    re.IGNORECASE,
)
_UNKNOWN_JOB = re.compile(
    r"(tracking|job|task|request)[ _-]?(id)?\b.{0,40}(not found|unknown|invalid|not exist)", re.IGNORECASE
)
_THING = {Channel.EMAIL: r"(e-?mail|contact|match)", Channel.PHONE: r"(phone|mobile|number|contact|match)"}
_NONE = r"\bno (verified |valid |such )?{0}\b.{{0,60}}\b(found|located|available)\b" \
        r"|\b{0}s?( address(es)?| numbers?)? (was |were |could )?not (be )?(found|located|available)\b"  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """A document, and what was found in it: all of it, what has a name, and the providers' rows.

    ``of_rows`` are the ids of the nodes of rows that hold a value.
    """

    found: Sequence[Node]
    named: Sequence[Node]
    channel: Channel
    plan: str
    via: Via
    person_id: str | None
    rows: Sequence[Row]
    of_rows: set[int]
    has_values: bool

    @cached_property
    def said(self) -> tuple[set[Says], set[Says]]:
        """What the status words of the job as a whole say, and what all others outside of the providers' parts say."""
        job: set[Says] = set()
        inner: set[Says] = set()
        for node in self.named:
            word = self._word(node)
            if word is None or word is Says.NOTHING or not self._concerns(node):
                continue
            parent, flat = node.parent, plain(str(node.step))
            assert parent is not None
            of_job = blocks.is_job_level(parent) and flat in _JOB_NAMES | _DONE_FLAGS | _PENDING_FLAGS | {"success"}
            (job if of_job or (flat in _NUMBER_NAMES and blocks.is_job_level(parent)) else inner).add(word)
        return job, inner

    def _word(self, node: Node) -> Says | None:
        flat, value = plain(str(node.step)), node.value
        if value is None or isinstance(value, dict | list):
            return None
        if isinstance(value, bool):
            return self._flag(flat, value)
        if isinstance(value, int):
            if flat in _FOUND_NAMES:
                return Says.FOUND if value else Says.NOT_FOUND
            word = words.BY_NUMBER.get(value) if flat in _NUMBER_NAMES else None
            # a poll that itself failed is no news of the job
            return word if word is Says.PENDING or self.via is not Via.POLL or self.names_job else None
        text = fields.text_of(value)
        if text is None or flat == "contactemailstatus":
            return None
        word = words.says(text)
        if fields.STATUS.search(flat) or fields.MAYBE_STATUS.search(flat):
            unsure = plain(text) in ("error", "errored", "fail", "failure") and self.via is Via.POLL
            return None if unsure and not self.names_job else word
        in_place = fields.MAIL.search(flat) or (fields.PHONE.search(flat) and not fields.NO_PHONE.search(flat))
        if in_place or flat in _WORD_NAMES:
            return word if word in (Says.NOT_FOUND, Says.NO_CREDITS, Says.PENDING, Says.FOUND) else None
        return None

    def _flag(self, flat: str, value: bool) -> Says | None:
        if flat in _DONE_FLAGS:
            return Says.ENDED if value else Says.PENDING
        if flat in _PENDING_FLAGS:
            return Says.PENDING if value else None
        if flat in _FOUND_NAMES:
            return Says.FOUND if value else Says.NOT_FOUND
        if flat in ("success", "issuccess", "ok"):
            return Says.OK if value else Says.FAILED if self.via is Via.WEBHOOK else None
        return None

    def _concerns(self, node: Node) -> bool:
        """Whether a word speaks of this reveal: not of one provider, of somebody else, or of the other channel."""
        provider, part = blocks.part_of(node)
        if provider is not None and not (part is not None and part.parent is None):
            return False
        if contacts.whose(node) in ("others", "employer"):
            return False
        names = "".join(plain(name) for name in node.names)
        ours, theirs = ("mail", "phone") if self.channel is Channel.EMAIL else ("phone", "mail")
        return theirs not in names or ours in names

    @cached_property
    def row_words(self) -> list[Says | None]:
        """What each provider's row says; None for a word nobody knows, and for none."""
        return [words.says(row.word) if row.word else None for row in self.rows]

    @cached_property
    def names_job(self) -> bool:
        """Whether the document names its job."""
        return any(plain(str(node.step)) in fields.JOB_IDS and node.value for node in self.named)

    @cached_property
    def messages(self) -> list[str]:
        """What it says to people."""
        texts = (node for node in self.named if isinstance(node.value, str) and len(node.value) <= 300)
        return [node.value for node in texts if fields.MESSAGE.match(plain(str(node.step)))]

    @cached_property
    def waits(self) -> bool:
        """Whether a message says that the result is still to come."""
        return any(_WAITING.search(text) for text in self.messages)

    @cached_property
    def says_none(self) -> bool:
        """Whether a message says that there is no such address or number."""
        none = re.compile(_NONE.format(_THING[self.channel]), re.IGNORECASE)
        return any(none.search(text) and not _WAITING.search(text) for text in self.messages)

    @cached_property
    def person(self) -> bool:
        """Whether a block is about our person and says more than the id."""
        for node in self.found:
            if isinstance(node.value, dict) and contacts.whose(node) == "":
                block = {plain(name): value for name, value in node.value.items()}
                own = str(block.get("personid") or "").strip()
                ours = own == self.person_id or (not own and "personid" not in block) or self.person_id is None
                described = any(block.get(name) for name in ("firstname", "lastname", "fullname", "companydomain"))
                if ours and (described or (own and self.via is Via.WEBHOOK)):
                    return True
        return False

    @cached_property
    def shows_none(self) -> bool:
        """Whether a block shows an empty field in the place of the address or number."""
        name = fields.MAIL if self.channel is Channel.EMAIL else fields.PHONE
        empty = any(fields.has_empty_value(node.value, name) for node in self.found if isinstance(node.value, dict))
        return empty or any(row.empty for row in self.rows)

    @cached_property
    def promises(self) -> str | None:
        """Why there must be a value that we cannot read."""
        if any(blocks.claims(row) and id(row.node) not in self.of_rows for row in self.rows):
            return "a provider says that it found something, but it cannot be read"
        job, inner = self.said
        if Says.FOUND in job | inner:
            return "it says that something was found, but it cannot be read"
        if any(contacts.looks_unread(node, phone=self.channel is Channel.PHONE) for node in self.found):
            return "a field that should hold the answer cannot be read"
        return None

    @cached_property
    def says_nothing(self) -> bool:
        """Whether it holds nothing but ids, an echo of the request or of the search, and messages."""
        for node in (self.found[0], *self.named):
            flat = plain(str(node.step))
            if _tells(node.value) and flat not in _ECHO and not fields.MESSAGE.match(flat):
                return False
        return True


def _tells(value: object) -> bool:
    scalars = value if isinstance(value, list) else [value]
    return any(item not in (None, "") and not isinstance(item, dict | list) for item in scalars)


def outcome(evidence: Evidence) -> End:
    """The end that a document proves, with a note where it is not a plain one."""
    job, inner = evidence.said
    rows = evidence.row_words
    if Says.PENDING in job | inner | set(rows):
        return NO_END
    if evidence.has_values:
        return Outcome.FOUND, None
    unread = evidence.promises
    missed = evidence.says_none or Says.NOT_FOUND in job | inner
    done = bool(rows) and all(row.word for row in evidence.rows)
    ran_dry = Says.NO_CREDITS in job | inner | set(rows) or any(
        words.says(t) is Says.NO_CREDITS for t in evidence.messages
    )
    if evidence.via is Via.SUBMIT:
        if unread:
            return NO_END
        if ran_dry:
            return _INCOMPLETE
        all_missed = done and Says.NOT_FOUND in rows and Says.FAILED not in job
        return (Outcome.NOT_FOUND, None) if missed or all_missed else NO_END
    if evidence.via is Via.POLL and any(_UNKNOWN_JOB.search(text) for text in evidence.messages):
        return NO_END
    if unread:
        return Outcome.UNREADABLE, unread
    if ran_dry:
        return _INCOMPLETE
    if missed:
        return Outcome.NOT_FOUND, None
    if Says.FAILED in job or (done and set(rows) == {Says.FAILED}):
        return Outcome.FAILED, "the vendor says that its job failed"
    return _miss(evidence, job, done)


_INCOMPLETE: End = (Outcome.INCOMPLETE, "the vendor ran out of credits half-way")


def _miss(evidence: Evidence, job: set[Says], done: bool) -> End:
    """Whether a document without a value, and without a word that there is none, proves that there is none."""
    webhook = evidence.via is Via.WEBHOOK
    if done or Says.ENDED in job:
        return Outcome.NOT_FOUND, None
    if evidence.waits:
        return NO_END
    # "success" alone may only mean that the question was understood
    if Says.OK in job and (webhook or evidence.names_job or evidence.person):
        return Outcome.NOT_FOUND, None
    if evidence.person and (evidence.plan == "standard" or (webhook and evidence.shows_none)):
        # an echo of the person proves nothing on plans that ask several providers
        return (Outcome.NOT_FOUND, None) if not evidence.rows or webhook else NO_END
    if webhook and evidence.rows and all(row.empty for row in evidence.rows):
        return Outcome.NOT_FOUND, None
    if webhook and not evidence.says_nothing:
        return Outcome.UNREADABLE, "nothing in it says what was found"
    return NO_END
