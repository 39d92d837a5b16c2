"""The command line. stdout carries the result, stderr the progress and the log.

Exit codes: 0 done; 1 failed; 2 wrong usage or configuration; 3 stopped early (a cap, a quota, a deadline, a truncated
window, another run at work): go on later. What is heavy is imported only by the command that needs it.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from sources.errors import LeadsyncError

app = typer.Typer(
    name="leadsync",
    help="Keeps a table of sales leads current and enriched, and never pays twice for the same answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"leadsync {version('leadsync')}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Keeps a table of sales leads current and enriched, and never pays twice for the same answer."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if need be.")] = Path(),
) -> None:
    """Write .dlt/config.toml with an example search, and .dlt/secrets.toml for the key."""
    from pipelines.init import init as write

    written = write(folder)
    for path in written:
        typer.echo(f"wrote {path}")
    if not written:
        typer.echo("nothing to write: everything is there already")
    typer.echo("Next: leadsync sync --sandbox (no key needed), or put your key into .dlt/secrets.toml.", err=True)


@app.command()
def sync(
    searches: Annotated[list[str] | None, typer.Argument(help="Names of searches; all by default.")] = None,
    enrich: Annotated[
        str | None, typer.Option(help="What to buy: email, phone, email,phone or none. Default: enrichment.channels.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many people.")] = None,
    budget: Annotated[float | None, typer.Option(help="At most so many credits in this run.")] = None,
    destination: Annotated[str | None, typer.Option(help="Where rows go. Default: pipelines.destination.")] = None,
    dataset: Annotated[str | None, typer.Option(help="The schema they go to. Default: pipelines.dataset.")] = None,
    wait: Annotated[
        str, typer.Option(help="How long after its start the run waits for answers still under way.")
    ] = "10m",
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Use the imitation vendor: no key, no money.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Log more, and show tracebacks.")] = False,
) -> None:
    """Search, buy what is not bought yet, load. Running it again buys nothing twice."""

    def work() -> int:
        from pipelines.configuration import load_settings
        from pipelines.options import SyncOptions
        from pipelines.telling import Teller

        teller = Teller()
        options = SyncOptions(
            folder=Path.cwd(),
            searches=searches or (),
            enrich=enrich,
            limit=limit,
            budget=budget,
            destination=destination,
            dataset=dataset,
            wait=_seconds(wait),
            sandbox=sandbox,
        )
        settings, warnings = load_settings()
        for warning in warnings:
            teller.warn(warning)
        from pipelines.report import print_report
        from pipelines.sync import sync as run

        result = run(options, settings, teller)
        if as_json:
            typer.echo(json.dumps(result))
        else:
            print_report(result)
        for text in _warnings(result):
            teller.warn(text)
        if result["message"]:
            teller.say(result["message"])
        return int(result["exit_code"])

    _guarded(work, debug)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """What is pending, in doubt and spent, from the ledger. Sends nothing."""

    def work() -> int:
        from pipelines.configuration import load_settings

        settings, _ = load_settings()
        from enrichment.ids import micros
        from enrichment.ledger import Ledger
        from pipelines.report import print_status
        from pipelines.status import status as look
        from sources.clock import SYSTEM_CLOCK

        with Ledger(settings.ledger.url, Path.cwd()) as ledger:
            result = look(ledger, micros(SYSTEM_CLOCK))
        if as_json:
            typer.echo(json.dumps(result))
        else:
            print_status(result)
        return 0

    _guarded(work, debug)


@app.command()
def sandbox(
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: any that is free.")] = 8900,
    people: Annotated[int, typer.Option(help="How many people it knows, up to a million.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
    plan: Annotated[str, typer.Option(help="multi_provider or standard.")] = "multi_provider",
    api_key: Annotated[str, typer.Option(help="The key it takes.")] = "sandbox-key",
) -> None:
    """Serve the imitation vendor, for trying everything without a key. Ends with Ctrl-C."""
    from sandbox.__main__ import main as serve

    sys.exit(
        serve(
            [
                f"--host={host}",
                f"--port={port}",
                f"--people={people}",
                f"--seed={seed}",
                f"--plan={plan}",
                f"--api-key={api_key}",
            ]
        )
    )


def main() -> None:
    """The console script."""
    app()


def _seconds(text: str) -> float:
    from pydantic_core import PydanticCustomError

    from sources.checking import parse_duration
    from sources.errors import ConfigurationError

    try:
        return float(str(parse_duration(text)))
    except PydanticCustomError as error:
        raise ConfigurationError(f"--wait: {error.message()}") from None


def _guarded(work: Callable[[], int], debug: bool) -> None:
    """Run a command: errors of ours become a paragraph and an exit code, a traceback only with --debug."""
    from pipelines.environment import quiet_dlt

    quiet_dlt()
    _set_up_logging(debug)
    try:
        code = work()
    except LeadsyncError as error:
        if debug:
            raise
        typer.echo(f"leadsync: {error}", err=True)
        code = error.exit_code
    except KeyboardInterrupt:
        typer.echo(
            "leadsync: stopped at once. What was bought is in the ledger; calls that were on the wire are in doubt "
            "until their answers come. Run again to go on.",
            err=True,
        )
        code = 3
    except Exception as error:
        if debug:
            raise
        typer.echo(
            f"leadsync: something broke that should not: {type(error).__name__}. What was bought is in the ledger, and "
            f"the next run goes on from there. Run with --debug for the traceback, and please report it.",
            err=True,
        )
        code = 1
    raise typer.Exit(code)


def _set_up_logging(debug: bool) -> None:
    import structlog

    level = logging.INFO if debug else logging.WARNING
    logging.basicConfig(stream=sys.stderr, level=level, format="%(levelname)s %(name)s: %(message)s")
    for name in ("httpx", "httpcore", "uvicorn"):  # their lower levels show URLs and headers
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _warnings(result: dict[str, Any]) -> list[str]:
    found = []
    if result["calls_in_doubt"]:
        found.append(
            f"{result['calls_in_doubt']} calls are in doubt: whether they were charged is unknown. They keep their "
            f"place in the caps, are never sent again by themselves, and settle if an answer still comes."
        )
    if result["outcomes"].get("unreadable"):
        found.append(
            f"{result['outcomes']['unreadable']} answers could not be read; they are kept whole in the ledger."
        )
    if result["calls_rejected"]:
        found.append(f"{result['calls_rejected']} calls were rejected by the vendor as wrong; nothing was charged.")
    return found
