"""All checks, in order; each is handed on as soon as it is made, and one that breaks does not keep back the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import anyio

from enrichment.capability import Capability
from enrichment.caps import Scope
from enrichment.ids import micros
from enrichment.ledger import Ledger, ledger_path, runs
from enrichment.ledger.counters import LedgerCounters
from enrichment.waterfall import Waterfall
from pipelines.configuration import Reading, read_settings
from pipelines.doctor import ledger as ledger_checks
from pipelines.doctor import setup
from pipelines.doctor.answers import judge_host, judge_key
from pipelines.doctor.asking import HOSTS, Asker, Look, ask
from pipelines.doctor.checks import Check, Verdict, by_error, skipped
from pipelines.doctor.clock import judge_clock
from pipelines.doctor.credits import judge_credits
from pipelines.doctor.destination import check_destination
from pipelines.doctor.disk import check_disk
from pipelines.doctor.limits import judge_limits
from pipelines.doctor.setup import needed
from pipelines.doctor.vendors import judge_vendor, look
from pipelines.doctor.versions import check_versions
from pipelines.doctor.webhook import check_webhook
from pipelines.environment import user_agent
from pipelines.locks import is_held, lock_of_serve, nobody_else
from pipelines.options import SyncOptions, chosen_caps, chosen_channels
from pipelines.playground import playground
from pipelines.settings import Settings
from pipelines.spending import spending_warnings
from pipelines.telling import Teller
from pipelines.vendor import (
    HOME,
    account_of,
    asked_of,
    locks_of,
    need_url,
    one_realm,
    units_of,
    usable_key,
    vendors_of,
    waterfall_of,
)
from pipelines.webhooks import capability_of
from sources.clock import SYSTEM_CLOCK, Clock
from sources.connecting import Given
from sources.errors import ConfigurationError, LeadsyncError
from sources.limits import Window

BASE_URL = "sources.clodura.base_url"
RATE_LIMITS = "sources.clodura.rate_limits"


def examine(folder: Path, *, debug: bool = False, sandbox: Teller | None = None) -> Iterator[Check]:
    """Every check on the settings of the current folder, which is ``folder``. Raises only with ``debug``.

    ``sandbox``: look at what `sync --sandbox` would meet, and say there where the vendors are imitated.
    """
    try:
        reading = read_settings()
    except ConfigurationError as error:
        yield setup.unreadable(error)
        yield check_disk({"leadsync": folder})
        yield check_versions()
        return
    if sandbox is None:
        yield from examine_settings(folder, reading, debug=debug)
        return
    with playground(reading.settings, sandbox) as settings:
        yield from examine_settings(folder, replace(reading, settings=settings), debug=debug, sandbox=True)


def examine_settings(
    folder: Path,
    reading: Reading,
    *,
    debug: bool = False,
    hosts: Sequence[str] = HOSTS,
    clock: Clock = SYSTEM_CLOCK,
    sandbox: bool = False,
) -> Iterator[Check]:
    """Every check on these settings, in ``folder``. Raises only with ``debug``. ``sandbox``: of a playground."""
    with ExitStack() as stack:
        examination = _Examination(folder, reading, hosts, clock, stack, sandbox)
        for name, check in examination.steps():
            try:
                yield check()
            except LeadsyncError as error:
                yield by_error(name, error)
            except Exception as error:
                if debug:
                    raise
                yield setup.broken(name, error)


@dataclass
class _Examination:
    """What one check leaves to the next: the open ledger, the vendor's answers."""

    folder: Path
    reading: Reading
    hosts: Sequence[str]
    clock: Clock
    stack: ExitStack
    sandbox: bool = False
    ledger: Ledger | None = None
    opened: Check | None = None
    last: int | None = None
    looks: list[Look] = field(default_factory=list)

    def steps(self) -> list[tuple[str, Callable[[], Check]]]:
        """Names and checks, in the order in which they are made and shown."""
        return [
            ("settings", partial(setup.check_settings, self.reading, self.folder)),
            ("searches", partial(setup.check_searches, self.settings, self.wrong, self._options())),
            ("ledger", self._ledger),
            ("spending", self._spending),
            ("key", self._key),
            ("host", self._host),
            ("credits", self._credits),
            *[(name, partial(self._vendor, name)) for name in self._further()],
            ("clock", self._clock),
            ("limits", self._limits),
            ("destination", self._destination),
            ("webhook", self._webhook),
            ("disk", self._disk),
            ("versions", check_versions),
        ]

    @property
    def settings(self) -> Settings:
        return self.reading.settings

    @property
    def wrong(self) -> frozenset[str]:
        return self.reading.wrong

    def _ledger(self) -> Check:
        missing = needed("ledger", self.wrong, "ledger.url")
        if missing:
            return missing
        self.ledger, self.opened = ledger_checks.open_ledger(self.settings, self.folder, self.stack)
        if self.ledger is None:
            return self.opened
        self.last = ledger_checks.last_entry(self.ledger)
        with self._alone() as alone:
            pass  # only to know: reading disturbs nobody
        settings = self.settings
        if BASE_URL in self.wrong:
            return self.opened
        return ledger_checks.check_ledger(self.ledger, self.opened, settings, self._now(), alone)

    def _spending(self) -> Check:
        names = [f"enrichment.max_credits_per_{scope}" for scope in Scope]
        missing = needed("spending", self.wrong, "ledger.url", "enrichment.caps", *names)
        if missing:
            return missing
        if self.opened is None or self.opened.verdict is Verdict.FAILED:
            return ledger_checks.no_ledger("spending")
        settings, caps = self.settings, chosen_caps(self._options(), self.settings)
        warnings: list[str] = []
        if not needed("spending", self.wrong, "enrichment.*", "sources.*"):
            warnings = spending_warnings(self._options(), settings, self._waterfall())
        units = units_of(settings)
        return ledger_checks.check_spending(self.ledger, caps, self._now(), units, warnings, self.sandbox)

    def _key(self) -> Check:
        form = setup.check_key_form(self.settings, self.wrong, self.folder)
        if form.verdict in (Verdict.OK, Verdict.WARNING) and not needed("host", self.wrong, BASE_URL):
            self.looks = anyio.run(ask, self.settings.clodura.base_url, self._asker(), self.hosts)
        return judge_key(form, self.looks)

    def _host(self) -> Check:
        return judge_host(self.looks) if self.looks else self._not_asked("host")

    def _credits(self) -> Check:
        missing = needed("credits", self.wrong, "sources.clodura.plan", "enrichment.*")
        if missing or not self.looks:
            return missing or self._not_asked("credits")
        settings = self.settings
        channels = chosen_channels(self._options(), settings)
        cap = None if self.sandbox else settings.enrichment.max_credits_per_run
        return judge_credits(self.looks, settings.clodura.plan, cap, channels)

    def _waterfall(self) -> Waterfall:
        return waterfall_of(self.settings, chosen_channels(self._options(), self.settings))

    def _further(self) -> list[str]:
        """The vendors that a sync would ask beside the first one."""
        return [name for name in vendors_of(self._waterfall()) if name != self.settings.clodura.name]

    def _vendor(self, name: str) -> Check:
        missing = needed(name, self.wrong, BASE_URL, f"sources.{name}.*", "enrichment.*")
        if missing:
            return missing
        settings = self.settings.vendor(name)
        key = usable_key(settings)
        one_realm(self.settings, [name])
        account = account_of(key, name)
        counters = LedgerCounters(self.ledger) if self.ledger is not None else None
        given = Given(key, account, counters, self.clock, paid_concurrency=1, user_agent=user_agent())
        seen = anyio.run(look, settings, given)
        windows = [Window.parse(text) for text in settings.rate_limits]
        now, notes = self.clock.time(), None
        if counters is not None and windows:
            notes = anyio.run(counters.load, account, now - max(window.seconds for window in windows))
        return judge_vendor(settings, seen, chosen_caps(self._options(), self.settings), notes, now)

    def _not_asked(self, name: str) -> Check:
        return needed(name, self.wrong, BASE_URL) or skipped(
            name, "not asked: there is no key to ask with", "See key, above."
        )

    def _clock(self) -> Check:
        ahead = next((look.ahead for look in self.looks if look.ahead is not None), None)
        set_back = None if self.last is None else max(0.0, (self.last - self._now()) / 1_000_000)
        return judge_clock(ahead, set_back)

    def _limits(self) -> Check:
        missing = needed("limits", self.wrong, RATE_LIMITS, "enrichment.channels", "webhook.mode")
        if missing:
            return missing
        windows = [Window.parse(text) for text in self.settings.clodura.rate_limits]
        now = self.clock.time()
        notes = None
        if self.ledger is not None and self.looks and windows:
            since = now - max(window.seconds for window in windows)
            account = account_of(usable_key(self.settings.clodura))
            notes = anyio.run(LedgerCounters(self.ledger).load, account, since)
        channels = chosen_channels(self._options(), self.settings)
        return judge_limits(windows, notes, now, len(channels), self.settings.webhook.mode == "poll")

    def _destination(self) -> Check:
        missing = needed("destination", self.wrong, "pipelines.*")
        if missing:
            return missing
        with self._alone() as alone:
            return check_destination(self.settings, self.folder, alone, self.ledger, self._no_ledger())

    def _webhook(self) -> Check:
        missing = needed(
            "webhook", self.wrong, "webhook.*", BASE_URL, "sources.clodura.plan", "sources.clodura.phone_via_partners",
            "enrichment.channels",
        )  # fmt: skip
        if missing:
            return missing
        channels = need_url(self.settings.clodura, asked_of(self._waterfall(), self.settings.clodura.name))
        with self._alone() as alone:
            return check_webhook(self.settings, user_agent(), channels, alone, self._service())

    def _disk(self) -> Check:
        places = {"dlt": self.folder / HOME / "dlt"}
        if not needed("disk", self.wrong, "ledger.url"):
            with suppress(ConfigurationError):  # told by the ledger's own check
                places["the ledger"] = ledger_path(self.settings.ledger.url, self.folder)
        if not needed("disk", self.wrong, "pipelines.*"):
            places["DuckDB"] = self.folder / self.settings.pipelines.duckdb_path
        return check_disk(places)

    def _service(self) -> Capability | None:
        """What a `serve` that runs for this ledger checks webhook URLs by; None where none runs."""
        if not is_held(lock_of_serve(self._ledger_path())):
            return None
        made = ""
        if self.ledger is not None:
            with self.ledger.read() as connection:
                made = runs.fact(connection, runs.SIGNING_KEY) or ""
        return capability_of(self.settings.webhook, lambda: made)

    def _alone(self) -> AbstractContextManager[bool]:
        return nobody_else(locks_of(self.folder, self._ledger_path()))

    def _ledger_path(self) -> Path:
        try:
            return ledger_path(self.settings.ledger.url, self.folder)
        except ConfigurationError:
            return self.folder / HOME / "ledger.db"

    def _no_ledger(self) -> bool:
        """Whether the next sync makes the ledger."""
        if needed("destination", self.wrong, "ledger.url"):
            return False
        path = self._ledger_path()
        return not path.exists() or (path.is_file() and not path.stat().st_size)

    def _asker(self) -> Asker:
        key = usable_key(self.settings.clodura)
        return Asker(
            api_key=key,
            account=account_of(key),
            user_agent=user_agent(),
            rate_limits=tuple(self.settings.clodura.rate_limits),
            counters=LedgerCounters(self.ledger) if self.ledger is not None else None,
            clock=self.clock,
        )

    def _options(self) -> SyncOptions:
        return SyncOptions(self.folder, sandbox=self.sandbox)

    def _now(self) -> int:
        return micros(self.clock)
