"""What a run says while it works: on stderr, live where there is a terminal, in plain lines where there is none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.text import Text

from sources.redaction import redact

#: seconds between plain lines where there is no terminal
PLAIN_EVERY = 10.0
#: looks a second where there is one
LIVE_PER_SECOND = 4


@dataclass(frozen=True)
class Progress:
    """A moment of a run. ``sent`` counts requests, ``purchases`` what they ask for.

    ``spent`` and ``caps`` are whole units, by unit; without a cap there is none.
    """

    pages: int = 0
    people: int = 0
    sent: int = 0
    purchases: int = 0
    in_flight: int = 0
    settled: int = 0
    emails: int = 0
    phones: int = 0
    spent: Mapping[str, float] = field(default_factory=dict)
    caps: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        carried = f" for {self.purchases} purchases" if self.purchases > self.sent else ""
        return (
            f"{self.pages} pages, {self.people} people | {self.sent} calls sent{carried}, {self.in_flight} in flight, "
            f"{self.settled} settled | found {self.emails} e-mails, {self.phones} phones | "
            f"at most {', '.join(map(self._amount, self.spent)) or 'nothing'} spent"
        )

    def _amount(self, unit: str) -> str:
        cap = f" of {self.caps[unit]:g}" if unit in self.caps else ""
        return f"{self.spent[unit]:g}{cap} {unit}"


class Teller:
    """Tells a person, on stderr."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)

    def say(self, text: str) -> None:
        """Something worth knowing."""
        self.console.print(Text(redact(text)), soft_wrap=True)

    def warn(self, text: str) -> None:
        """Something that may need doing."""
        self.console.print(Text("warning: " + redact(text), style="yellow"), soft_wrap=True)

    @contextmanager
    def watching(self, look: Callable[[], Progress]) -> Iterator[None]:
        """Show progress while the block runs."""
        if self.console.is_terminal:
            with Live(
                get_renderable=lambda: Text(str(look())),
                console=self.console,
                refresh_per_second=LIVE_PER_SECOND,
                transient=True,
            ):
                yield
            return
        over = threading.Event()

        def report() -> None:
            while not over.wait(PLAIN_EVERY):
                self.say(str(look()))

        thread = threading.Thread(target=report, name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
