"""Versions of leadsync, Python and what it leans on most."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

from pipelines.doctor.checks import Check, failed, ok

#: as in pyproject.toml; at least, and below
PYTHON = ((3, 11), (3, 14))
PACKAGES = ("leadsync", "dlt", "duckdb", "pyarrow", "httpx")


def check_versions() -> Check:
    """What is installed here."""
    return judge_versions(sys.version_info[:3], {name: _installed(name) for name in PACKAGES})


def judge_versions(python: tuple[int, ...], packages: dict[str, str | None]) -> Check:
    """``packages``: name -> version, None where it is not installed."""
    text = ".".join(map(str, python))
    found = ", ".join([f"Python {text}", *(f"{name} {known or 'missing'}" for name, known in packages.items())])
    missing = [name for name, known in packages.items() if known is None]
    if not PYTHON[0] <= python[:2] < PYTHON[1]:
        return failed(
            "versions", found, "leadsync needs Python 3.11, 3.12 or 3.13: install it again under one of them."
        )
    if missing:
        return failed("versions", found, f"Install leadsync again: {', '.join(missing)} came not with it.")
    return ok("versions", found)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
