"""docs/reference: written anew from the code, or checked against it (``--check``).

Each page is made from what the program itself runs on (settings models, command line, table schemas, the sandbox's
switches), so that it cannot say anything else. A page is plain text without dates, versions or widths: the same code
makes the same page everywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scripts.reference import commands, schema, settings, switches

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings.page,
    "cli.md": commands.page,
    "schema.md": schema.page,
    "sandbox.md": switches.page,
}


def main(arguments: Sequence[str]) -> int:
    """Write every page, or check all. Exit codes: 0 done, 1 a page is stale or cannot be made, 2 wrong usage."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write("usage: python -m scripts.docs [--check]\n")
        return 2
    try:
        pages = {name: make() for name, make in PAGES.items()}
    except LookupError as error:
        sys.stderr.write(f"docs/reference: {error.args[0]}\n")
        return 1
    if arguments:
        problems = check(FOLDER, pages)
        for problem in problems:
            sys.stderr.write(problem + "\n")
        return 1 if problems else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


def check(folder: Path, pages: Mapping[str, str]) -> list[str]:
    """What is wrong with the pages in a folder, a line each: stale, missing, made by nothing."""
    problems = []
    for name, text in pages.items():
        path = folder / name
        if not path.exists():
            problems.append(f"docs/reference/{name} is missing: run `make docs`")
        elif path.read_text(encoding="utf-8") != text:
            problems.append(f"docs/reference/{name} is out of step with the code: run `make docs`")
    for path in sorted(folder.glob("*")):
        if path.name not in pages:
            problems.append(f"docs/reference/{path.name} is made by nothing in scripts/docs.py: remove it")
    return problems


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
