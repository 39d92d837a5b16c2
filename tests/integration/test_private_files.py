"""What holds secrets or personal data is read by its owner alone, whatever the umask, and whatever was there before."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from enrichment.ledger import Ledger
from enrichment.storage import open_file, open_to_others, private_folder
from pipelines.init import init
from pipelines.locks import make_private, nobody_else, only_one
from sources.errors import AlreadyRunning, LeadsyncError, LedgerError
from tests.support.purchases import plan


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_the_ledger_and_what_sqlite_keeps_beside_it(tmp_path: Path) -> None:
    with Ledger("sqlite:///made/here/ledger.db", tmp_path) as ledger:
        plan(ledger, "p1")
        folder = tmp_path / "made" / "here"
        assert {path.name for path in folder.iterdir()} == {"ledger.db", "ledger.db-wal", "ledger.db-shm"}
        assert [rights(path) for path in folder.iterdir()] == [0o600] * 3
        assert rights(folder) == 0o700


@pytest.mark.usefixtures("umask")
def test_files_that_others_could_read_before_are_closed(tmp_path: Path) -> None:
    """As after a crash, or after `cp` under another umask."""
    left = [tmp_path / name for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db-journal")]
    for path in left:
        path.touch()
        path.chmod(0o666)
    engine = open_file(tmp_path / "ledger.db", "ledger")
    assert [rights(path) for path in left] == [0o600] * 4
    engine.dispose()


def test_a_folder_that_is_not_ours_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    open_file(tmp_path / "ledger.db", "ledger").dispose()
    assert rights(tmp_path) == 0o755


@pytest.mark.usefixtures("umask")
def test_locks(tmp_path: Path) -> None:
    paths = [tmp_path / "made" / "sync.lock", tmp_path / "ledger.db.lock"]
    paths[1].touch()
    paths[1].chmod(0o666)
    with only_one(paths):
        assert [rights(path) for path in paths] == [0o600] * 2
        assert rights(tmp_path / "made") == 0o700
    with nobody_else(paths) as free:
        assert free
    assert [rights(path) for path in paths] == [0o600] * 2


@pytest.mark.usefixtures("umask")
def test_our_own_folder(tmp_path: Path) -> None:
    private_folder(tmp_path / "new")
    assert rights(tmp_path / "new") == 0o700
    (tmp_path / "wide").mkdir()
    (tmp_path / "wide").chmod(0o777)
    make_private(tmp_path / "wide")
    assert rights(tmp_path / "wide") == 0o700


def test_what_cannot_be_our_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LeadsyncError, match="cannot be made or written"):
        make_private(tmp_path / "file")


@pytest.mark.parametrize("kind", ["private_folder", "open_file"])
def test_somebody_elses_is_no_reason_to_end_or_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A folder that is not ours keeps its rights, and the files in it have their own; the ledger must be ours."""
    there = tmp_path / "there"
    there.mkdir() if kind == "private_folder" else there.touch()
    there.chmod(0o777)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    if kind == "private_folder":
        private_folder(there)
    else:
        with pytest.raises(LedgerError, match="Operation not permitted"):
            open_file(there, "ledger")


@pytest.mark.usefixtures("umask")
def test_the_file_that_the_key_goes_into(tmp_path: Path) -> None:
    init(tmp_path)
    assert rights(tmp_path / ".dlt" / "secrets.toml") == 0o600


def test_whether_others_may_read_is_told_of_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert not open_to_others(file)
    file.touch()
    for mode, expected in ((0o600, False), (0o400, False), (0o640, True), (0o604, True), (0o620, True)):
        file.chmod(mode)
        assert open_to_others(file) is expected, oct(mode)


def test_a_lock_that_is_held_is_still_a_lock(tmp_path: Path) -> None:
    with only_one([tmp_path / "sync.lock"]), pytest.raises(AlreadyRunning), only_one([tmp_path / "sync.lock"]):
        pass
