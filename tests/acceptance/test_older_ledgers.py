"""A sync on the ledger of an earlier leadsync: it buys nothing twice, goes on where that was, and loads everything."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from sandbox import Server
from tests.support.old_ledgers import PEOPLE, SEED, VERSIONS, restore
from tests.support.project import Project


@pytest.mark.parametrize("version", [VERSIONS[0], *(pytest.param(v, marks=pytest.mark.thorough) for v in VERSIONS[1:])])
def test_it_goes_on_where_the_earlier_one_was(made: Project, vendor: Server, version: str) -> None:
    ledger = made.folder / ".leadsync" / "ledger.db"
    ledger.unlink()
    restore(version, ledger)
    with closing(sqlite3.connect(ledger)) as connection:
        planned = connection.execute("SELECT operation, person_id FROM calls WHERE state = 'planned'").fetchall()
        emails = connection.execute("SELECT person_id, email FROM emails").fetchall()
        calls = connection.execute("SELECT count(*) FROM calls").fetchone()[0]
        settled = connection.execute("SELECT count(*) FROM calls WHERE state = 'settled'").fetchone()[0]
    vendor.reset(people=PEOPLE, seed=SEED, behaviour={"webhook": False, "job_seconds": 0.05})
    made.configure(webhook={"mode": "poll"}, enrichment={"poll_interval": 0.1, "give_up_after": 1})
    done = made.sync()
    assert done.exit_code == 0, done.stderr
    bought = sorted((job["operation"], job["person_id"]) for job in vendor.books()["jobs"])
    assert bought == sorted(planned)
    states = dict(made.sql("SELECT state, count(*) FROM crm.calls GROUP BY 1"))
    # those on the wire as it was killed and those whose jobs this vendor does not know are in doubt now
    assert states == {"settled": settled + len(planned), "rejected": 1, "in_doubt": 6}
    assert sum(states.values()) == calls
    assert set(emails) <= set(made.sql("SELECT person_id, email FROM crm.emails"))
    again = made.sync()
    assert (again.exit_code, again.json["calls_sent"]) == (0, 0), again.stderr
