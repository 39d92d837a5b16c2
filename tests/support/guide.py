"""docs/guides/add-a-provider.md as what it is: the files of a vendor's folder, and the line that makes it known."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "guides" / "add-a-provider.md"


def files() -> dict[str, str]:
    """The files that the page holds, by their paths in the repository."""
    found = {}
    for section in _page().split("\n### ")[1:]:
        heading, _, rest = section.partition("\n")
        (text,) = re.findall(r"^```python\n(.*?)^```$", rest, re.MULTILINE | re.DOTALL)
        found[heading.strip("`")] = text
    return found


def write(folder: Path, under: str) -> None:
    """Write those whose path begins so, as they stand there."""
    for path, text in files().items():
        if path.startswith(under):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")


def registry() -> str:
    """sources/registry.py with the one line of the page in place of its own."""
    known = r"^VENDORS = .*$"
    (line,) = re.findall(known, _page(), re.MULTILINE)
    text, changed = re.subn(known, line, (ROOT / "sources" / "registry.py").read_text(encoding="utf-8"), flags=re.M)
    assert changed == 1
    return text


def _page() -> str:
    return PAGE.read_text(encoding="utf-8")
