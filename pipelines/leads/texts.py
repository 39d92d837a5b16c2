"""Lists that are files of text: CSV, TSV, and these packed. Read from end to end before the first row is handed on.

So nothing is bought of a list that turns out to be broken in its middle. Rows are read by the `csv` module of the
standard library: every cell stays the text it is, digits and leading zeros with it.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, cast

from pipelines.leads.dialect import Dialect, dialect_of, headings
from pipelines.leads.tables import BATCH, Rows, Table
from sources.errors import ConfigurationError, SourceError
from sources.redaction import shown
from sources.tracebacks import disarm

_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_LINES = 400
_MEND = 'Save it as "CSV UTF-8", or name its encoding, such as --encoding windows-1252.'


@contextmanager
def open_text(path: Path, name: str, encoding: str | None) -> Iterator[Table]:
    """A CSV or TSV file, perhaps packed by gzip. ``encoding`` None: UTF-8, or UTF-16 where that is plain to see.

    Raises `ConfigurationError` (no such encoding) and `SourceError`, which names the line.
    """
    encoding = _known(encoding) if encoding else _encoding(path, name)
    with _lines(path, name, encoding) as lines:
        dialect = dialect_of(list(islice(lines, _LINES)), tabs=".tsv" in path.name.lower())
    count = -1
    columns: tuple[str, ...] = ()
    for count, record in enumerate(_records(path, name, encoding, dialect)):
        if count == 0:
            columns = headings(record)
    if count < 0:
        raise SourceError(f"{name} is empty: there is no heading in it.", "Name a list with a line of headings.")
    records = _records(path, name, encoding, dialect)
    next(records, None)
    yield Table(name, columns, _batches(records), count)


def _batches(records: Iterator[list[str]]) -> Iterator[Rows]:
    while batch := list(islice(records, BATCH)):
        yield batch


def _records(path: Path, name: str, encoding: str, dialect: Dialect) -> Iterator[list[str]]:
    """The heading, and every row that holds anything."""
    with _lines(path, name, encoding) as lines:
        reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True)
        above, first = dialect.skip, 1
        try:
            for record in reader:
                first = reader.line_num + 1
                if above and record:
                    above -= 1
                elif any(map(str.strip, record)):
                    yield record
        except csv.Error as error:
            if "expected after" in str(error):
                raise SourceError(
                    f"{name}, line {reader.line_num}: a quote stands in the middle of a quoted cell.",
                    'Double the quotes inside of cells ("") and run again.',
                ) from None
            raise SourceError(
                f"{name}, line {first}: a quote is opened there that nothing closes.",
                "Close or remove it and run again.",
            ) from None


@contextmanager
def _lines(path: Path, name: str, encoding: str) -> Iterator[TextIOWrapper]:
    try:
        with _opened(path) as file, TextIOWrapper(file, encoding=encoding, newline="") as lines:
            yield lines
    except UnicodeError as error:
        disarm(error)  # it holds what was read
        raise SourceError(f"{name}{_line(path, encoding)} is not {_called(encoding)}.", _MEND) from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise SourceError(f"{name} is damaged, or was not packed by gzip.", "Copy it again.") from None
    except OSError as error:
        raise SourceError(f"{name} cannot be read ({error.strerror}).", "Make it readable, or name another.") from None


def _known(encoding: str) -> str:
    try:
        "".encode(encoding)
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        raise ConfigurationError(f"--encoding: {shown(encoding)} is no encoding, such as windows-1252") from None
    return "utf-8-sig" if name == "utf-8" else name


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _encoding(path: Path, name: str) -> str:
    with _lines(path, name, "latin-1") as lines:
        start = lines.read(4096).encode("latin-1")
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return encoding
    # most of what stands in a heading is ASCII, of which every other byte of UTF-16 is 0
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    return "utf-16-be" if start[::2].count(0) > len(start) // 4 else "utf-8-sig"


def _line(path: Path, encoding: str) -> str:
    """Where the first byte is that is wrong; "" where lines cannot be told apart before they are decoded."""
    if not encoding.startswith("utf-8"):
        return ""
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return f", line {number},"
    return ""


def _called(encoding: str) -> str:
    return "UTF-8" if encoding.startswith("utf-8") else f"the {encoding.upper()} that it was taken for"
