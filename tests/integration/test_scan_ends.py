"""How a scan ends: what earlier runs and parts have noted is part of what is told of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sources.clodura.filters import SearchFilters
from sources.clodura.records import Record
from sources.clodura.scans import Remembered, ScanWindow, State
from sources.clodura.splitting import Part, Role, Split
from sources.clodura.values import SENIORITIES
from sources.clodura.windows import Coverage
from tests.support.scanning import KeepingNotes, Vendor, scanned_here


class Resumed(KeepingNotes):
    """Notes of a scan that an earlier run has begun."""

    def __init__(self, *windows: ScanWindow) -> None:
        super().__init__()
        self._windows = windows

    async def begin(self) -> Sequence[ScanWindow]:
        return self._windows


def window(number: int, parent: int | None, seniority: str | None = None, **noted: Any) -> ScanWindow:
    filters = SearchFilters() if seniority is None else SearchFilters(seniority=[seniority])
    return ScanWindow(number, parent, Role.SEARCH if parent is None else Role.PART, filters, **noted)


def split(by: str, *, exact: bool) -> dict[str, Any]:
    return {"state": State.SPLIT, "split_by": by, "tried": (by,), "exact": exact, "people": 100}


def done(coverage: Coverage, **noted: Any) -> dict[str, Any]:
    return {"state": State.DONE, "coverage": coverage, "people": 100, **noted}


def test_a_scan_whose_windows_are_all_read_is_told_as_it_ended() -> None:
    ended = Resumed(window(0, None, **done(Coverage.COMPLETE)))
    told = scanned_here(Vendor([]), {}, ended).report
    assert (told.coverage, told.calls) == (Coverage.COMPLETE, 0)


def test_whom_a_part_lacks_the_whole_lacks_however_exact_the_split_between_them() -> None:
    vendor = Vendor([])
    told = scanned_here(
        vendor,
        {},
        Resumed(
            window(0, None, **split("functional", exact=False)),
            window(1, 0, "CEO", **split("person_country", exact=True)),
            window(2, 1, "Head", **done(Coverage.UNPROVEN, exact=False, split_by="person_city", lacks=True)),
        ),
    ).report
    assert told.coverage is Coverage.TRUNCATED


def without_country(count: int, every: int) -> list[Record]:
    """People of all seniorities, one in ``every`` without any."""
    return [
        {"personId": str(n), "personCountry": ["India"]} | ({"seniority": [SENIORITIES[n % 13]]} if n % every else {})
        for n in range(count)
    ]


def test_a_vendor_that_takes_no_ids_beside_filters_ends_no_scan() -> None:
    vendor = Vendor(without_country(12_000, 10), refuses=lambda wire: "personId" in wire)
    report = scanned_here(vendor, {}).report
    assert report.coverage is Coverage.TRUNCATED


def test_that_people_are_lacking_is_remembered_where_nobody_knows_how_many() -> None:
    (part,) = (Part(SearchFilters(seniority=["CEO"]), Role.PART, 1.0, 10_000),)
    turns = (Split("seniority", exact=False, parts=(part,)),)
    for lacks in (True, False):
        remembered = Remembered(turns, None, lacks)
        assert Remembered.from_json(remembered.as_json()) == remembered
    people: list[Record] = [{"personId": str(n), "seniority": ["CEO"]} for n in range(100)]
    notes = KeepingNotes({SearchFilters().fingerprint(): Remembered(turns, None, lacks=True).as_json()})
    assert scanned_here(Vendor(people), {}, notes).report.coverage is Coverage.TRUNCATED


def test_what_earlier_versions_remembered_is_read() -> None:
    assert Remembered.from_json("[null, []]") == Remembered((), None, lacks=False)
    assert Remembered.from_json("[7, []]") == Remembered((), 7, lacks=True)
