"""What the searches of a run work with, and what they found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from enrichment.ledger import Ledger
from pipelines.feed import Feed
from sources.clodura.choices import Choices
from sources.clodura.client import CloduraClient
from sources.errors import LeadsyncError
from sources.metering import Meter
from sources.providers import Person


@dataclass(frozen=True)
class Unseen:
    """A window with people that cannot be seen: how many more there may be (None: nobody knows)."""

    search: str
    window: str
    left: int | None


@dataclass
class SearchTally:
    """What the searches of a run found. ``new``, ``changed``, ``unchanged``: against what the destination has."""

    pages: int = 0
    calls: int = 0
    records: int = 0
    people: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    unreadable: int = 0
    without_id: int = 0
    #: people whom a search does not show any more
    missing: int = 0
    #: rows of a list that name nobody
    rejected: int = 0
    #: somebody was passed over because as many people were found as were asked for
    cut: bool = False
    #: searches that hold people who cannot be seen, and through which of their windows
    truncated: list[str] = field(default_factory=list)
    unseen: list[Unseen] = field(default_factory=list)
    #: searches whose parts may leave somebody out, though nothing says that they do
    unproven: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    errors: list[LeadsyncError] = field(default_factory=list)


@dataclass
class SearchContext:
    """What the searches of a run work with."""

    client: CloduraClient
    #: plans what is to be bought of these people, as this search shows them; returns how many calls are new
    plan: Callable[[sa.Connection, Sequence[Person], str | None, int], int]
    ledger: Ledger
    feed: Feed
    sink_id: str
    run_id: str
    now: Callable[[], int]
    planned: Callable[[], None]
    stopped: Callable[[], bool]
    patience: Callable[[], float | None]
    limit: int | None = None
    #: whether anything is bought at all
    buying: bool = True
    #: contacts that are bought
    channels: Sequence[str] = ()
    #: how each search wants to be read
    choices: Mapping[str, Choices] = field(default_factory=dict)
    #: books what a search of that name may cost; None where searching is free
    meter: Callable[[str], Meter | None] = lambda search: None
    #: plans to verify what these people's addresses are worth; returns how many calls are new
    verify: Callable[[sa.Connection, Sequence[str], int], int] = lambda connection, person_ids, now: 0
    tally: SearchTally = field(default_factory=SearchTally)
