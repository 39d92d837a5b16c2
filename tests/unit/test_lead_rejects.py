"""The rows that were rejected, as a file to be mended and given again."""

from __future__ import annotations

import csv
import errno
import os
import stat
from pathlib import Path

import pytest

from pipelines.leads.lead import Reject
from pipelines.leads.rejects import Rejects
from pipelines.leads.values import text_of
from sources.errors import SourceError


def reject(row: int, reason: str = "nobody is named", **values: object) -> Reject:
    return Reject(row, reason, (), values)


def lines(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def write(path: Path, *rejects: Reject, columns: tuple[str, ...] = ("Name", "Notes")) -> list[list[str]]:
    with Rejects(path, columns) as file:
        file.add(rejects)
    return lines(path)


def test_a_row_is_written_as_it_was_with_number_and_reason(tmp_path: Path) -> None:
    written = write(tmp_path / "r.csv", reject(3, Name="Zoë", Notes='a "b"\nc,d'), reject(9, "x", Name=7, Notes=None))
    assert written == [
        ["Name", "Notes", "row", "reason"],
        ["Zoë", 'a "b"\nc,d', "3", "nobody is named"],
        ["7", "", "9", "x"],
    ]


def test_rejects_are_counted_by_reason(tmp_path: Path) -> None:
    with Rejects(tmp_path / "r.csv", ["Name"]) as file:
        file.add([reject(1), reject(2, "x"), reject(3)])
        assert file.counts == {"nobody is named": 2, "x": 1}


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_only_its_owner_may_read_it_at_any_time(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "r.csv"
    path.touch(mode=0o666)
    before = os.umask(umask)
    try:
        with Rejects(path, ["Name"]) as file:
            file.add([reject(1)])
            modes = {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir() if each != path}
        assert modes == {0o600}
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_file_is_whole_or_what_it_was_and_nothing_else_stays(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("earlier")
    with Rejects(path, ["Name"]) as file:
        file.add([reject(1)])
        assert path.read_text() == "earlier"
    assert len(lines(path)) == 2
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_run_that_broke_off_rejected_is_kept(tmp_path: Path) -> None:
    def broken() -> None:
        with Rejects(tmp_path / "r.csv", ["Name"]) as file:
            file.add([reject(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert len(lines(tmp_path / "r.csv")) == 2


def test_without_rejects_no_file_is_made_and_an_earlier_one_emptied(tmp_path: Path) -> None:
    with Rejects(tmp_path / "r.csv", ["Name"]):
        pass
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "r.csv", reject(1))
    assert write(tmp_path / "r.csv") == [["Name", "Notes", "row", "reason"]]


def test_columns_of_the_same_name_and_cells_without_a_column_are_told_apart(tmp_path: Path) -> None:
    values = {"row": "a", "reason": "b", "column 3": "c", "column 4": "=d"}
    written = write(tmp_path / "r.csv", Reject(1, "x", (), values), columns=("row", "reason"))
    assert written == [["row", "reason", "reject_row", "reject_reason"], ["a", "b", "1", "x | c | '=d"]]


@pytest.mark.parametrize("cell", ["=1+1", '=HYPERLINK("https://example.com")', "+cmd|x", "-2+3", "@SUM(A1)", "+1-2a"])
def test_what_a_spreadsheet_would_run_is_text_and_read_as_it_was(tmp_path: Path, cell: str) -> None:
    shown = write(tmp_path / "r.csv", reject(1, Name=cell))[1][0]
    assert shown == f"'{cell}"
    assert text_of(shown) == text_of(cell)


@pytest.mark.parametrize("cell", ["-", "--", "+49 151 23456789", "-1.5", "a=b", "'x", "x@example.com"])
def test_other_cells_stay_what_they_are(tmp_path: Path, cell: str) -> None:
    assert write(tmp_path / "r.csv", reject(1, Name=cell))[1][0] == cell


def test_a_heading_is_no_formula_either(tmp_path: Path) -> None:
    assert write(tmp_path / "r.csv", reject(1), columns=("=x",))[0][0] == "'=x"


def test_a_place_that_cannot_be_written_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be written"), Rejects(tmp_path / "no" / "r.csv", ["Name"]):
        raise AssertionError


def test_a_disk_that_is_full_is_told_and_the_earlier_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "r.csv"
    path.write_text("earlier")
    monkeypatch.setattr("pipelines.leads.rejects.os.fsync", full)
    with pytest.raises(SourceError, match="No space left on device"):
        write(path, reject(1))
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]
