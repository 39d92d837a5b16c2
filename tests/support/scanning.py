"""Searches read whole with notes in memory, at the sandbox or at a vendor of a few lines that is told whom it has."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio

from sources.clodura.cleaning import first_texts
from sources.clodura.client import CloduraClient
from sources.clodura.filters import SearchFilters, parse_filters
from sources.clodura.records import Page, Record, texts
from sources.clodura.scan import Scanning, ScanReport, scan
from sources.clodura.scans import MemoryNotes, Notes, Remembered, ScanWindow
from sources.clodura.windows import PageRead
from sources.errors import RequestRefused
from tests.support.clodura import transport_to

LOCATION = ("personCountry", "personState", "personCity")


class KeepingNotes(MemoryNotes):
    """Notes whose memory of full windows outlives a scan, as the ledger's does."""

    def __init__(self, memory: dict[str, str] | None = None) -> None:
        super().__init__()
        self.memory: dict[str, str] = {} if memory is None else memory

    async def remembered(self, fingerprint: str) -> Remembered | None:
        text = self.memory.get(fingerprint)
        return None if text is None else Remembered.from_json(text)

    async def remember(self, fingerprint: str, remembered: Remembered | None) -> None:
        if remembered is None:
            self.memory.pop(fingerprint, None)
        else:
            self.memory[fingerprint] = remembered.as_json()


@dataclass
class Scanned:
    """What a scan has found: how often each person was shown, and its report."""

    report: ScanReport
    shown: Counter[str]

    @property
    def found(self) -> set[str]:
        """Everybody shown."""
        return set(self.shown)


async def read_whole(
    client: CloduraClient, filters: SearchFilters, notes: MemoryNotes | None = None, **options: Any
) -> Scanned:
    """Scan a search; ``options`` are those of `Scanning`."""
    kept = KeepingNotes() if notes is None else notes
    shown: Counter[str] = Counter()

    async def on_page(window: ScanWindow, read: PageRead) -> int:
        shown.update(read.people.keys)
        domains = first_texts(read.people.company_domains)
        return kept.page(window.number, read, dict(zip(read.people.keys, domains, strict=True)))

    typed: Notes = kept
    return Scanned(await scan(client, filters, typed, on_page, Scanning(**options)), shown)


def scanned(url: str, settings: Mapping[str, Any], notes: MemoryNotes | None = None, **options: Any) -> Scanned:
    """Scan a search of a vendor at a URL, by filters as they stand in the settings."""

    async def story() -> Scanned:
        async with transport_to(url) as transport:
            return await read_whole(CloduraClient(transport), parse_filters("test", settings), notes, **options)

    return anyio.run(story)


@dataclass
class Vendor:
    """Whom a vendor has, and how it reads filters: OR in a list, AND between filters, case does not matter.

    ``exclusion``: "each" location filter leaves people out, or only "all" of them together. ``unknown_passes``:
    whether those stay who have no value where a location is excluded. ``page``, ``pages``: people on a page, pages.
    """

    people: Sequence[Record]
    exclusion: str = "each"
    unknown_passes: bool = True
    page: int = 100
    pages: int = 100
    calls: Counter[str] = field(default_factory=Counter)
    past_end: Counter[str] = field(default_factory=Counter)
    _index: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    refuses: Callable[[Mapping[str, Any]], bool] = lambda wire: False

    def matching(self, filters: SearchFilters) -> list[Record]:
        """Everybody who passes."""
        return [*self._passing(filters.wire())]

    def _passing(self, wire: dict[str, Any]) -> Iterable[Record]:
        exclude = wire.pop("personLocationExclude", False)
        places = {name: _folded(wire.pop(name)) for name in LOCATION if name in wire} if exclude else {}
        there = set(range(len(self.people)))
        for name, value in wire.items():
            there &= self._having(name, _folded(value))
        if places:
            outside = []
            for name, left_out in places.items():
                known = set().union(*self._indexed(name).values()) if not self.unknown_passes else there
                outside.append((there & known) - self._having(name, left_out))
            there = set.intersection(*outside) if self.exclusion == "each" else set.union(*outside)
        return [self.people[place] for place in sorted(there)]

    def _having(self, name: str, values: set[str]) -> set[int]:
        index = self._indexed(name)
        return set().union(*(index.get(value, set()) for value in values))

    def _indexed(self, name: str) -> dict[str, set[int]]:
        """Places of those who have each value of a field."""
        if name not in self._index:
            index: dict[str, set[int]] = defaultdict(set)
            for place, record in enumerate(self.people):
                for value in _folded(record.get(name)):
                    index[value].add(place)
            self._index[name] = dict(index)
        return self._index[name]


class TinyClient(CloduraClient):
    """Asks a `Vendor` in this process."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self._known: dict[str, list[Record]] = {}

    async def search(
        self, filters: SearchFilters, page: int, per_page: int = 100, *, patience: Any = None, meter: Any = None
    ) -> Page:
        await anyio.lowlevel.checkpoint()
        vendor, name = self.vendor, filters.fingerprint()
        if vendor.refuses(filters.wire()):
            raise RequestRefused("not like this", status=400)
        assert page <= vendor.pages
        if name not in self._known:
            self._known[name] = vendor.matching(filters)
        records = self._known[name][(page - 1) * vendor.page : page * vendor.page]
        vendor.calls[name] += 1
        vendor.past_end[name] += not records and page > 1
        return Page(page, records, min(per_page, vendor.page))


def scanned_here(
    vendor: Vendor, settings: Mapping[str, Any], notes: MemoryNotes | None = None, **options: Any
) -> Scanned:
    """Scan a search of a vendor in this process."""

    async def story() -> Scanned:
        return await read_whole(TinyClient(vendor), parse_filters("test", settings), notes, **options)

    return anyio.run(story)


def _folded(value: object) -> set[str]:
    return {text.casefold() for text in texts(value)}
