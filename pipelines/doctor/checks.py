"""What a check comes to, and what all of them come to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sources.errors import ConfigurationError, LeadsyncError

#: what to do where the paragraph that was found says it already
MEND = "Mend that, then run `leadsync doctor` again."


class Verdict(StrEnum):
    """``failed`` would stop a sync, ``warning`` would not; ``skipped`` was not looked at."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """One thing looked at: its name, the verdict, what was found, what to do (nothing where all is well)."""

    name: str
    verdict: Verdict
    found: str
    todo: str = ""
    #: it failed because of a setting that is wrong
    misconfigured: bool = False


def ok(name: str, found: str, todo: str = "") -> Check:
    """All is well."""
    return Check(name, Verdict.OK, found, todo)


def warning(name: str, found: str, todo: str) -> Check:
    """A sync would run, but somebody should know this."""
    return Check(name, Verdict.WARNING, found, todo)


def failed(name: str, found: str, todo: str = MEND) -> Check:
    """This would stop a sync."""
    return Check(name, Verdict.FAILED, found, todo)


def skipped(name: str, why: str, todo: str = "") -> Check:
    """Not looked at."""
    return Check(name, Verdict.SKIPPED, why, todo)


def by_error(name: str, error: LeadsyncError, todo: str = MEND) -> Check:
    """What `sync` would have ended with, in the same words."""
    return Check(name, Verdict.FAILED, str(error), todo, isinstance(error, ConfigurationError))


def exit_code(checks: Sequence[Check]) -> int:
    """0: a sync would run; 2: a setting is wrong; 1: something else would stop it."""
    wrong = [check for check in checks if check.verdict is Verdict.FAILED]
    if any(check.misconfigured for check in wrong):
        return 2
    return 1 if wrong else 0


def in_words(checks: Sequence[Check]) -> str:
    """The last line: what all checks come to."""
    count = {verdict: sum(check.verdict is verdict for check in checks) for verdict in Verdict}
    bad, odd = count[Verdict.FAILED], count[Verdict.WARNING]
    tail = f"{bad} failed, {odd} warning{'' if odd == 1 else 's'}, {count[Verdict.OK]} ok, "
    tail += f"{count[Verdict.SKIPPED]} skipped"
    if bad:
        return f"A sync would be stopped: {tail}."
    return f"A sync would run: {tail}."


def as_object(checks: Sequence[Check]) -> dict[str, Any]:
    """The object that `doctor --json` prints. Names are stable; more may be added."""
    return {
        "checks": [
            {"name": check.name, "verdict": check.verdict.value, "found": check.found, "todo": check.todo}
            for check in checks
        ],
        "failed": sum(check.verdict is Verdict.FAILED for check in checks),
        "warnings": sum(check.verdict is Verdict.WARNING for check in checks),
        "message": in_words(checks),
        "exit_code": exit_code(checks),
    }
