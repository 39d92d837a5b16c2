"""Where a scan of a search notes how far it is: in the ledger, so that the next run goes on there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from enrichment.ledger import Ledger, scans
from sources.clodura.filters import SearchFilters
from sources.clodura.paging import Fill
from sources.clodura.scans import DETAILS, Remembered, ScanWindow, State, filters_of
from sources.clodura.splitting import Role
from sources.clodura.windows import Coverage, KnownPage


class LedgerNotes:
    """Implements `sources.clodura.scans.Notes` for one scan of a search."""

    def __init__(self, ledger: Ledger, search: str, scan: scans.Scan, shown: Mapping[str, int]) -> None:
        """``shown``: of a scan that is alone, which window has shown whom last; the ledger knows it of others."""
        self._ledger = ledger
        self._search = search
        self.scan = scan
        self._shown = shown

    async def begin(self) -> Sequence[ScanWindow]:
        """See `Notes.begin`."""
        if not self.scan.resumed:
            return []
        return [_window(row) for row in await self._ledger.run(scans.windows_of, self.scan.scan_id)]

    async def pages(self, number: int) -> Sequence[KnownPage]:
        """See `Notes.pages`."""
        rows = await self._ledger.run(scans.pages_of, self.scan.scan_id, number)
        return [KnownPage(row.walk, row.page, Fill(row.fill), row.people, row.unreadable) for row in rows]

    async def keep(self, *windows: ScanWindow) -> None:
        """See `Notes.keep`."""
        await self._ledger.run(scans.keep_windows, self.scan.scan_id, [_row(window) for window in windows])

    async def only_shown_by(self, number: int) -> Sequence[str]:
        """See `Notes.only_shown_by`."""
        if self.scan.alone:
            return [person for person, shown in self._shown.items() if shown == number]
        return await self._ledger.run(scans.only_shown_by, self._search, self.scan.scan_id, number)

    async def shown(self, numbers: Sequence[int]) -> int:
        """See `Notes.shown`."""
        if self.scan.alone:
            return sum(shown in numbers for shown in self._shown.values())
        return await self._ledger.run(scans.shown, self._search, self.scan.scan_id, numbers)

    async def domains(self, numbers: Sequence[int]) -> Sequence[str]:
        """See `Notes.domains`."""
        if self.scan.alone:
            people = [person for person, shown in self._shown.items() if shown in numbers]
            return await self._ledger.run(scans.domains_of, people)
        return await self._ledger.run(scans.domains, self._search, self.scan.scan_id, numbers)

    async def expected(self, fingerprint: str) -> int | None:
        """See `Notes.expected`."""
        return await self._ledger.run(scans.expected, self._search, named(self._search, fingerprint))

    async def remembered(self, fingerprint: str) -> Remembered | None:
        """See `Notes.remembered`."""
        text = await self._ledger.run(scans.remembered, fingerprint)
        return None if text is None else Remembered.from_json(text)

    async def remember(self, fingerprint: str, remembered: Remembered | None) -> None:
        """See `Notes.remember`."""
        text = None if remembered is None else remembered.as_json()
        await self._ledger.run(scans.remember, fingerprint, text, self.scan.started_at)


def named(search: str, fingerprint: str) -> str:
    """What a window is called in `search_coverage`."""
    return f"{search}/{fingerprint}"


def words(window: ScanWindow, search: SearchFilters) -> str:
    """By what a window differs from its search, for people: filters with their values, the first few of many."""
    own, its = search.model_dump(exclude_none=True), window.filters.model_dump(exclude_none=True)
    told = []
    for name, value in its.items():
        if own.get(name) == value or name in (*SearchFilters.secret, "person_location_exclude"):
            continue
        values = value if isinstance(value, list) else [value]
        more = f" and {len(values) - 3} more" if len(values) > 3 else ""
        neither = "none of " if window.filters.person_location_exclude and name.startswith("person_") else ""
        told.append(f"{name} {neither}{', '.join(map(str, values[:3]))}{more}")
    return "; ".join(told) or "the search itself"


def _row(window: ScanWindow) -> dict[str, Any]:
    return {
        "number": window.number,
        "parent": window.parent,
        "role": window.role,
        "filters": json.dumps(window.filters.wire(), ensure_ascii=False),
        "state": window.state,
        "coverage": window.coverage,
        "details": window.details(),
    }


def _window(row: Mapping[str, Any]) -> ScanWindow:
    details = {name: value for name, value in row["details"].items() if name in DETAILS}
    details["tried"] = tuple(details["tried"])
    return ScanWindow(
        number=row["number"],
        parent=row["parent"],
        role=Role(row["role"]),
        filters=filters_of(json.loads(row["filters"])),
        state=State(row["state"]),
        coverage=None if row["coverage"] is None else Coverage(row["coverage"]),
        **details,
    )
