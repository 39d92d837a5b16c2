"""What a vendor would send, as the contract of a provider asks for it; and documents that are nearly so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from sources.providers import Channel, Outcome, Person, Via

Documents = tuple[Any, ...]


@dataclass(frozen=True)
class Case:
    """One operation of a vendor, and what may be said of one call of it. All documents are about ``person``'s."""

    channel: Channel
    person: Person
    #: people who cannot be asked about here: too little is known of them
    too_little: tuple[Person, ...]
    #: the job that ``accepted`` tells of
    job: str
    accepted: Any
    pending: Documents
    found: Documents
    #: the address or number that each of ``found`` holds
    value: str
    not_found: Documents
    failed: Documents
    #: an end, but not what it is
    unreadable: Documents
    #: about another job or another person
    foreign: Documents
    #: parameters of calls that the vendor would refuse
    wrong: tuple[Mapping[str, Any], ...]
    #: how documents reach us
    ways: tuple[Via, ...] = tuple(Via)

    @property
    def ends(self) -> list[tuple[Outcome, Any]]:
        """Every document that is an end, with what it is."""
        ends = {
            Outcome.FOUND: self.found,
            Outcome.NOT_FOUND: self.not_found,
            Outcome.FAILED: self.failed,
            Outcome.UNREADABLE: self.unreadable,
        }
        return [(outcome, document) for outcome, documents in ends.items() for document in documents]

    @property
    def documents(self) -> list[Any]:
        """All there are."""
        return [self.accepted, *self.pending, *self.foreign, *(document for _, document in self.ends)]


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["found", "not_found", "failed", "success", "completed", "a@b.io", "+1 555 123 4567", "\ud800", "\0"]
    )
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)


def changed(documents: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Any document; or one of these with one value somewhere in it replaced, or left out."""

    @st.composite
    def mutated(draw: st.DrawFn) -> Any:
        document = json.loads(json.dumps(draw(st.sampled_from(documents))))
        at = document
        while at and isinstance(at, dict | list):
            key = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
            if isinstance(at[key], dict | list) and at[key] and draw(st.booleans()):
                at = at[key]
            elif draw(st.booleans()):
                at[key] = draw(_VALUES)
                break
            else:
                del at[key]
                break
        return document

    return _VALUES | mutated()


def body(document: Any) -> bytes:
    """It as bytes."""
    return json.dumps(document).encode()


def texts(value: Any) -> Iterator[str]:
    """Every text and number of a document, names included."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)
    elif value is not None:
        yield str(value)


def plain(text: str) -> str:
    """A value without what writes it differently."""
    return re.sub(r"[^\w@+.]|_", "", text.replace("\ufffd", "")).casefold()
