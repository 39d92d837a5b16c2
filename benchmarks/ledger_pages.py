"""How long the ledger's writer takes for a page of 100 people, new ones and known ones, at several sizes of the ledger.

    .venv/bin/python -m benchmarks.ledger_pages [ROWS ...]

Each page is recognized, remembered and sighted, ten pages in one commit; then 1,000 people at a time are looked up
among what a destination has, and noted as delivered: what a search does. Known people are shown again as they were.
"work" is processor time of the writer's thread in all these pieces, "all" that of the process, with the commits; both
are a page's.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from enrichment.ledger import Ledger
from enrichment.ledger.deliveries import Deliveries, deliver, known_hashes
from enrichment.ledger.recognizing import recognize
from enrichment.ledger.seen import remember
from enrichment.ledger.sightings import sight
from pipelines.leads.people import VENDOR, implied

PAGE, TOGETHER, DELIVERED = 100, 10, 1000
MEASURED = 20_000
SINK = "018f0000-0000-7000-8000-000000000000"

Columns = tuple[list[str], list[bool], list[str | None], list[str], list[str | None], list[str]]


def people(numbers: list[int]) -> Columns:
    """People as the columns of a page: keys, whose keys are the vendor's, profiles, facts, jobs, hashes."""
    keys = [str(10**18 + (number * 7_046_029_254_386_353_131) % (8 * 10**18)) for number in numbers]
    facts = [
        f'{{"company_domain": "company-{number % 9973}.example", "country": "India", '
        f'"first_name": "First{number % 400}", "full_name": "First{number % 400} Last{number % 700}", '
        f'"last_name": "Last{number % 700}", "linkedin_url": '
        f'"https://www.linkedin.com/in/first-last-{number:x}", "organization_name": "Company {number % 9973} Limited", '
        f'"title": "Head of Department {number % 50}", "vendor_key": true}}'
        for number in numbers
    ]
    jobs: list[str | None] = [
        f'["Head of Department {number % 50}","Director","{10**17 + number % 9973}","Company {number % 9973} Limited"]'
        for number in numbers
    ]
    profiles: list[str | None] = [f"first-last-{number:x}" for number in numbers]
    return keys, [True] * len(keys), profiles, facts, jobs, [f"{number:024x}" for number in numbers]


class Clocked:
    """Seconds that pieces of work take in the writer's thread, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, name: str, work: Callable[..., Any], connection: sa.Connection, *args: Any) -> Any:
        """Do it and note how long it took."""
        started = time.thread_time()
        try:
            return work(connection, *args)
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.thread_time() - started


def show(ledger: Ledger, pages: Iterator[Columns], clocked: Clocked, scan_id: int) -> tuple[float, float]:
    """Take pages in, ten in one commit; seconds in all, of the clock and of the processor."""
    started, cpu = time.perf_counter(), time.process_time()

    def page(connection: sa.Connection, columns: Columns) -> None:
        keys, own, profiles, facts, jobs, _ = columns
        keys = clocked.timed("recognize", recognize, connection, VENDOR, keys, own, profiles, implied)
        clocked.timed("remember", remember, connection, keys, facts, jobs, scan_id)
        clocked.timed("sight", sight, connection, "a search", scan_id, 0, keys, scan_id)

    def pages_at_once(connection: sa.Connection, several: list[Columns]) -> None:
        for columns in several:
            page(connection, columns)

    waiting: list[Columns] = []
    for columns in pages:
        waiting.append(columns)
        if len(waiting) == TOGETHER:
            ledger.call(pages_at_once, waiting)
            keys = [key for part in waiting for key in part[0]]
            hashes = [one for part in waiting for one in part[5]]
            ledger.call(lambda connection, keys: clocked.timed(
                "known_hashes", known_hashes, connection, SINK, "people", keys
            ), keys)  # fmt: skip
            deliveries = [Deliveries("people", keys, hashes)]
            ledger.call(lambda connection, rows: clocked.timed(
                "deliver", deliver, connection, SINK, rows, "1700000000.1"
            ), deliveries)  # fmt: skip
            waiting = []
    return time.perf_counter() - started, time.process_time() - cpu


def pages_of(numbers: list[int]) -> Iterator[Columns]:
    """People in pages."""
    for start in range(0, len(numbers), PAGE):
        yield people(numbers[start : start + PAGE])


def measure(rows: int) -> None:
    """Fill a ledger with so many people, then measure new and known ones."""
    dice = random.Random(1)
    with tempfile.TemporaryDirectory() as folder, Ledger("sqlite:///ledger.db", Path(folder)) as ledger:
        fill = list(range(rows))
        dice.shuffle(fill)
        for start in range(0, rows, 50_000):
            keys, own, profiles, facts, jobs, hashes = people(fill[start : start + 50_000])
            ledger.call(recognize, VENDOR, keys, own, profiles, implied)
            ledger.call(remember, keys, facts, jobs, 1)
            ledger.call(sight, "a search", 1, 0, keys, 1)
            ledger.call(deliver, SINK, [Deliveries("people", keys, hashes)], "1")
        count = min(MEASURED, rows) or MEASURED
        new = list(range(rows, rows + count))
        known = dice.sample(range(rows), count) if rows else new
        for what, numbers, scan_id in (("new", new, 2), ("known", known, 3)):
            pages = list(pages_of(numbers))
            clocked = Clocked()
            took, cpu = show(ledger, iter(pages), clocked, scan_id)
            work = sum(clocked.seconds.values())
            each = {"all": cpu, "work": work, **clocked.seconds}
            parts = ", ".join(f"{name} {seconds / len(pages) * 1000:.2f}" for name, seconds in each.items())
            print(f"{rows:>9,} rows, {what:5} {len(numbers) / took:>8,.0f} people/s; ms a page: {parts}", flush=True)


if __name__ == "__main__":
    for size in [int(word) for word in sys.argv[1:]] or [0, 100_000, 1_000_000]:
        measure(size)
