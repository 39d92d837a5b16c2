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


HIDDEN = "3"


class Hiding(Vendor):
    """A vendor whose filters never bring out one person, who is on the first page of all people."""

    def matching(self, filters: SearchFilters) -> list[Record]:
        found = super().matching(filters)
        hidden = bool(filters.wire()) and not filters.person_id
        return [record for record in found if not hidden or record["personId"] != HIDDEN]


def test_one_person_in_no_part_does_not_make_all_those_missing_whom_the_part_for_everybody_else_shows() -> None:
    countries = ["India", "United States", "France", "Germany", "Brazil", "Japan", "Spain", "Italy"]
    people: list[Record] = [
        {"personId": str(n)} | ({"personCountry": countries[n % 8]} if n % 10 else {}) for n in range(20_000)
    ]
    vendor = Hiding(people)
    done = scanned_here(vendor, {})
    assert len(done.found) == 20_000
    assert done.report.coverage is Coverage.TRUNCATED
    (window,) = done.report.truncated
    assert 1 <= (window.left or 0) <= 50
    assert sum(vendor.calls.values()) <= 1.5 * 200


def resumed_before_its_end() -> Resumed:
    parts = [window(number, 0, seniority, **done(Coverage.COMPLETE)) for number, seniority in ((1, "CEO"), (2, "Head"))]
    noted = Resumed(window(0, None, **split("seniority", exact=False)), *parts)
    shown = {str(n): (0 if n < 60 else 1 + n % 2, None) for n in range(300)}
    noted._shown.update(shown)
    return noted


def test_whoever_has_stopped_sends_no_call_to_conclude_a_window_and_the_next_run_does() -> None:
    people: list[Record] = [{"personId": str(n), "seniority": ["CEO"] if n % 2 else ["Head"]} for n in range(300)]
    vendor = Vendor(people)
    told = scanned_here(vendor, {}, resumed_before_its_end(), stopped=lambda: True).report
    assert (told.coverage, told.calls, sum(vendor.calls.values())) == (Coverage.INTERRUPTED, 0, 0)
    told = scanned_here(vendor, {}, resumed_before_its_end()).report
    assert told.coverage is not Coverage.INTERRUPTED
    asked = sum(vendor.calls.values())
    assert told.calls == sum(one.calls for one in told.windows) == asked > 0
