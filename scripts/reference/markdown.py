"""The little Markdown that the references are made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

MADE = "<!-- made from the code by `make docs`: change it there -->"


def page(title: str, *parts: str) -> str:
    """A whole page."""
    return "\n\n".join([f"# {title}", MADE, *(part.strip("\n") for part in parts)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells may hold anything but are shown on one line."""
    lines = [_row(head), _row(["---"] * len(head)), *map(_row, rows)]
    return "\n".join(lines)


def code(text: str) -> str:
    """Text in a code span; nothing for nothing."""
    return f"`{text}`" if text else ""


def listed(values: Iterable[str]) -> str:
    """Code spans with commas between."""
    return ", ".join(map(code, values))


def value(what: object) -> str:
    """A default as it would be written in TOML; nothing where there is none."""
    if what is None:
        return ""
    if isinstance(what, float) and what.is_integer():
        what = int(what)
    return code(json.dumps(what, ensure_ascii=False))


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
