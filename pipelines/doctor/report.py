"""Checks for people, on stdout, a line or a few each; in colour where there is a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from pipelines.doctor.checks import Check, Verdict, in_words

_STYLES = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "bold red", Verdict.SKIPPED: "dim"}
_VERDICT, _NAME = 9, 13


class Reporter:
    """Prints checks as they come."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)

    def show(self, check: Check) -> None:
        """One check: verdict, name, what was found; below it what to do."""
        first, *more = check.found.splitlines() or [""]
        line = Text.assemble((f"{check.verdict:<{_VERDICT}}", _STYLES[check.verdict]), f"{check.name:<{_NAME}}", first)
        self._print(line)
        for text in more:
            self._print(Text(" " * (_VERDICT + _NAME) + text))
        if check.todo:
            self._print(Text.assemble(" " * _VERDICT, (f"{'to do:':<{_NAME}}", "bold"), check.todo))

    def sum_up(self, checks: Sequence[Check]) -> None:
        """What they come to."""
        self._print(Text(in_words(checks)))

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)
