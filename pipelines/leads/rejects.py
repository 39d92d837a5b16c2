"""The rows of which nobody can be asked for, as a list that can be mended and given again.

Each as it was, with its number and the reason. A cell that begins as a formula does gets an apostrophe before it: the
file is made to be opened in a spreadsheet, where `=` at the start of what a stranger wrote in a form is run. A number
with its sign, and a dash alone, run nothing, and stay what they are. `read_row` takes the apostrophe off again.
"""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import TracebackType
from typing import IO, Any, Self

from pipelines.leads.lead import Reject
from sources.errors import SourceError

ROW, REASON = "row", "reason"
_FORMULA = re.compile(r"[=+\-@\t\r]")
_HARMLESS = re.compile(r"[+-]?[\d.,\s()]*|-+")


class Rejects:
    """Writes rejects beside their place, and puts the file there when all is written: never a half.

    Only its owner may read it. Where there was no reject no file is made, but one of an earlier run is emptied to its
    heading: it would be taken for this one's.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        #: how many rows were rejected, by reason
        self.counts: Counter[str] = Counter()
        self._columns = [*columns]
        self._file: IO[str] | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        with _told(self.path):  # now, and not when something has been bought
            self._file = NamedTemporaryFile(
                "w", encoding="utf-8-sig", newline="", dir=self.path.parent, prefix=f".{self.path.name}.", delete=False
            )
            self._writer = csv.writer(self._file)
            names = [*self._columns, _free(ROW, self._columns), _free(REASON, self._columns)]
            self._writer.writerow(map(_safe, names))
        return self

    def add(self, rejects: Iterable[Reject]) -> None:
        """Write rows down. SourceError where that fails."""
        for reject in rejects:
            self.counts[reject.reason] += 1
            with _told(self.path):
                self._writer.writerow(self._cells(reject))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        file = self._file
        if file is None:
            return
        try:
            with _told(self.path):
                file.flush()
                os.fsync(file.fileno())
                file.close()
                # of a run that broke off, too: its rejects are as good as any
                if self.counts or self.path.exists():
                    os.replace(file.name, self.path)
        finally:
            with suppress(OSError):
                file.close()
            with suppress(FileNotFoundError):
                os.unlink(file.name)

    def _cells(self, reject: Reject) -> list[str]:
        return [
            *(_safe(reject.values.get(name)) for name in self._columns),
            str(reject.row),
            _reason(reject, self._columns),
        ]


def _reason(reject: Reject, columns: Sequence[str]) -> str:
    """The reason; what stood in cells without a heading has no column, and is told behind it."""
    beyond = [value for name, value in reject.values.items() if name not in columns]
    return " | ".join([reject.reason, *(_safe(value) for value in beyond)])


def _safe(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) and not _HARMLESS.fullmatch(text) else text


def _free(name: str, columns: Sequence[str]) -> str:
    while name in columns:
        name = f"reject_{name}"
    return name


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Failures of the disk, in our words."""
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"The rejected rows cannot be written to {path} ({error.strerror}).",
            "Free some disk there, or name another place, and run again.",
            "What was bought is in the ledger.",
        ) from error
