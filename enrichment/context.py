"""What the parts of the engine share: settings, the ledger, the providers, the clock, and how a run is told to end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import anyio

from enrichment.capability import Capability
from enrichment.caps import Cap
from enrichment.ids import micros
from enrichment.inbox import Inbox
from enrichment.ledger import Ledger
from enrichment.ledger.standings import Asking
from enrichment.verification import DEFAULT, Verifying
from enrichment.waterfall import Waterfall
from sources.clock import Clock, Dice
from sources.errors import LeadsyncError, OutOfCredits, Unavailable
from sources.providers import CONTACTS, Channel, Outcome, Provider, Reading

#: seconds a claim lasts unless it is renewed; renewed three times in that time
LEASE = 60.0
#: seconds after the last send for which webhooks of calls in doubt are waited for
IN_DOUBT_GRACE = 10.0
#: seconds without any connection after which a provider counts as unreachable for this run
UNREACHABLE_AFTER = 60.0
#: answers in a row that leave a call in doubt: then a provider is asked one call at a time, then left alone
DOUBTFUL_SLOW, DOUBTFUL_HALT = 20, 30
#: jobs in a row that the vendor says have failed, after which it is left alone for this run
FAILED_HALT = 20
#: a rate limit that asks for a longer wait than this (seconds), and longer than the run's deadline, ends the sending
PATIENCE = 120.0


@dataclass(frozen=True)
class EngineSettings:
    """How to buy. Times in seconds. ``callback_base`` None: no webhook URL is given to vendors."""

    channels: Sequence[Channel]
    caps: Sequence[Cap] = ()
    max_unanswered: int = 16
    poll_interval: float = 5.0
    webhook_grace: float = 5.0
    give_up_after: float = 86_400.0
    wait: float = 600.0
    callback_base: str | None = None
    #: whether webhooks are heard while this run lasts, by itself or by a receiver beside it
    receiving: bool = False
    verifying: Verifying = DEFAULT
    #: seconds for which calls wait for others to share a request with, where one may carry several
    gather: float = 10.0


class Signal:
    """Wakes a loop that waits for news; several news before it looks count as one."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def set(self) -> None:
        """There is news."""
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Wait for news, at most so long."""
        with anyio.move_on_after(max(0.0, seconds)):
            await self._event.wait()
        self._event = anyio.Event()


@dataclass
class Tally:
    """What happened so far in this run, for the live view."""

    sent: int = 0
    in_flight: int = 0
    settled: int = 0
    found: dict[Channel, int] = field(default_factory=dict)
    polls: int = 0
    webhooks: int = 0
    throttled: int = 0
    #: answers to purchases that the ledger could not take: their calls are in doubt
    unwritten: int = 0


@dataclass
class Context:
    """One run of the engine."""

    ledger: Ledger
    providers: Mapping[str, Provider]
    settings: EngineSettings
    clock: Clock
    dice: Dice
    run_id: str
    owner: str
    capability: Capability
    started: float  # monotonic
    #: where webhooks are kept until they are carried over into the ledger; None: nowhere
    inbox: Inbox | None = None
    tally: Tally = field(default_factory=Tally)
    #: something changed: look whether there is more to send, or nothing more to wait for
    wake: Signal = field(default_factory=Signal)
    #: something new lies in the inbox
    mail: Signal = field(default_factory=Signal)
    #: something may be due for a poll earlier than thought
    poll: Signal = field(default_factory=Signal)
    #: what ended the run, a provider or an operation
    run_error: LeadsyncError | None = None
    halted: dict[tuple[str, str], LeadsyncError] = field(default_factory=dict)
    #: people for whom another was asked in place of a provider that is halted, by (provider, operation)
    passed_over: dict[tuple[str, str], set[str]] = field(default_factory=dict, repr=False)
    #: answers in a row, by provider, that left a call in doubt
    doubtful: dict[str, int] = field(default_factory=dict)
    #: jobs in a row, by provider, that failed
    failed: dict[str, int] = field(default_factory=dict, repr=False)
    stopping: bool = False
    #: whom to ask for contacts, in which order
    waterfall: Waterfall = field(default_factory=Waterfall)
    #: what was answered before that time (microseconds) is asked for anew; None: never
    stale_before: int | None = None
    #: ledger time as the run began
    began: int = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.now()

    @property
    def asking(self) -> Asking:
        """Who may be asked for whom in this run."""
        order = {channel: self.waterfall.order.get(channel, ()) for channel in self.settings.channels}
        return Asking(
            waterfall=replace(self.waterfall, order=order),
            providers=self.providers,
            run_id=self.run_id,
            passed_over=self.halted.keys,
            stale_before=self.stale_before,
            verifying=self.verifier is not None,
            passing_over=self._pass_over,
        )

    @property
    def verifier(self) -> Provider | None:
        """The provider that verifies addresses in this run; None where none does, or it is not wanted."""
        if Channel.VERIFICATION not in self.settings.channels:
            return None
        able = (provider for provider in self.providers.values() if Channel.VERIFICATION in provider.operations)
        return next(able, None)

    def _pass_over(self, provider: str, operation: str, person_id: str) -> None:
        self.passed_over.setdefault((provider, operation), set()).add(person_id)

    def others(self, provider: str) -> bool:
        """Whether contacts of this run may be asked for at another provider, too."""
        wanted = [channel for channel in self.settings.channels if channel in CONTACTS]
        return any(
            name != provider and any(channel in other.operations for channel in wanted)
            for name, other in self.providers.items()
        )

    def now(self) -> int:
        """The ledger's time: microseconds since the epoch."""
        return micros(self.clock)

    def surely(self) -> int:
        """The same, but without any jump that the clock has made since the run began."""
        return self.began + round(self.elapsed() * 1_000_000)

    def elapsed(self) -> float:
        """Seconds since the run started."""
        return self.clock.monotonic() - self.started

    def remaining(self) -> float:
        """Seconds until the run stops waiting; negative after that."""
        return self.settings.wait - self.elapsed()

    def settled(self, provider: str) -> None:
        """A call was settled: there may be room for more, or nothing more to wait for."""
        self.tally.settled += 1
        self.doubtful.pop(provider, None)
        self.wake.set()

    def halt_run(self, error: LeadsyncError) -> None:
        """Nothing more is sent or asked."""
        self.run_error = self.run_error or error
        self.wake.set()
        self.poll.set()

    def learn(self, provider: str, operation: str, asked_by: str | None, readings: Sequence[Reading]) -> None:
        """A document that settled calls may say that nothing more should be asked there in this run.

        Because credits ran out half-way, or one job after the other fails. Only where this very run (``asked_by``) made
        the request: what it says of an earlier run's is of that time, however late it comes.
        """
        if asked_by != self.run_id:
            return
        what = operation.replace("_", " ")
        if any(reading.outcome is Outcome.INCOMPLETE for reading in readings):
            self.halt(
                provider,
                None,
                OutOfCredits(
                    f"{provider.capitalize()} ran out of credits half-way through {what}. What was bought is kept; "
                    f"nothing more is sent there in this run. Top up and run again: what was left half-way is asked "
                    f"for anew."
                ),
            )
        ended = [reading.outcome for reading in readings if reading.outcome is not None]
        if not ended:
            return
        failed = all(outcome is Outcome.FAILED for outcome in ended)
        streak = self.failed[provider] = self.failed.get(provider, 0) + len(ended) if failed else 0
        if streak >= FAILED_HALT:
            self.halt(
                provider,
                operation,
                Unavailable(
                    f"{provider.capitalize()} says of {streak} jobs in a row that they failed ({what}). What they cost "
                    f"is in the books; nothing more of that kind is sent there in this run. The rest stays planned."
                ),
            )

    def halt(self, provider: str, operation: str | None, error: LeadsyncError) -> None:
        """Nothing more is sent of one operation, or of all of a provider."""
        for known in self.providers[provider].operations.values():
            if operation in (None, known.name):
                self.halted.setdefault((provider, known.name), error)
        self.wake.set()
