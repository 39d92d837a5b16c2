"""What must be so whatever a run went through: the vendor's books show nothing bought twice, and the tables hold what
an uninterrupted run would have left there, but for calls that are in doubt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import duckdb

from tests.support.project import Project

#: (operation, person)
Bought = tuple[str, str]
Rows = dict[str, list[tuple[Any, ...]]]

#: tables without what differs from run to run: ids of ours, times. The first two columns are (operation, person).
_COMPARED = {
    "people": "SELECT 'search_people', * EXCLUDE (first_seen_at, _dlt_load_id) FROM crm.people",
    "organizations": "SELECT 'search_people', organization_id, * EXCLUDE (organization_id, _dlt_load_id)"
    " FROM crm.organizations",
    "emails": "SELECT 'reveal_email', person_id, email, type, status, status_raw, provider, found_by, providers, former"
    " FROM crm.emails",
    "phones": "SELECT 'reveal_phone', person_id, number, number_raw, type, country, provider, found_by, providers"
    " FROM crm.phones",
    "email_verifications": "SELECT 'verify_email', c.person_id, v.email, v.deep, v.status, v.status_raw, v.provider"
    " FROM crm.email_verifications v JOIN crm.calls c USING (call_id)",
    "provider_results": "SELECT operation, person_id, provider, value, hit, status_raw, asked, outcome, amount_min,"
    " amount_max, unit FROM crm.provider_results",
    "credit_spend": "SELECT operation, person_id, provider, kind, amount_min, amount_max, unit, basis"
    # a charge of nothing is there where the table was told of a worst case before
    " FROM crm.credit_spend WHERE operation <> 'search_people' AND amount_max > 0",
    "calls": "SELECT operation, person_id, provider, parameters, epoch, state, outcome, reserved, amount_min,"
    " amount_max, unit, basis FROM crm.calls",
}


def tables(project: Project) -> Rows:
    """What the warehouse holds, in a form that two runs of the same thing have in common."""
    with duckdb.connect(str(project.folder / "leads.duckdb"), read_only=True) as connection:
        return {name: connection.execute(f"{query} ORDER BY ALL").fetchall() for name, query in _COMPARED.items()}


def in_doubt(project: Project) -> set[Bought]:
    """What the warehouse lists as in doubt."""
    return set(project.sql("SELECT operation, person_id FROM crm.calls WHERE state = 'in_doubt'"))


def assert_same_but_for(doubtful: set[Bought], found: Rows, wanted: Rows) -> None:
    """Nothing missing, nothing changed, nothing more; what hangs on a call in doubt is left out of the comparison."""
    for name, rows in wanted.items():
        there, expected = (_without(table, doubtful) for table in (found[name], rows))
        missing, added = Counter(expected) - Counter(there), Counter(there) - Counter(expected)
        assert not missing, f"{name} lacks {list(missing)[:5]}; {name} has more: {list(added)[:5]}"
        assert not added, f"{name} has more: {list(added)[:5]}"


def _without(rows: Iterable[tuple[Any, ...]], doubtful: set[Bought]) -> list[tuple[Any, ...]]:
    """An address whose purchase is in doubt is not verified, and one whose verification is has no verdict yet."""
    left_out = doubtful | {("verify_email", person) for operation, person in doubtful if operation == "reveal_email"}
    left_out |= {("reveal_email", person) for operation, person in doubtful if operation == "verify_email"}
    return [row for row in rows if row[:2] not in left_out]


def jobs(project: Project) -> Counter[tuple[str, str]]:
    """How often each thing was accepted by the vendor."""
    return Counter((job["operation"], job["subject"]) for job in project.server.books()["jobs"])


def assert_nothing_bought_twice(project: Project) -> None:
    """The vendor's books show at most one job for each thing, and no thing that was charged again."""
    again = {bought: count for bought, count in jobs(project).items() if count > 1}
    assert again == {}
    assert project.server.books(summary=True)["totals"]["charged_again"] == 0


def assert_charges_within_bounds(project: Project) -> None:
    """What the vendor charged for each call lies between the bounds of our books; what we do not know cost nothing."""
    charged: Counter[tuple[str, str]] = Counter()
    for charge in project.server.books()["charges"]:
        if charge["operation"] != "search":
            charged[charge["operation"], charge["subject"]] += charge["amount"]
    subject = "CASE WHEN c.operation = 'verify_email' THEN c.parameters::JSON->>'email' ELSE c.person_id END"
    query = f"""
        SELECT c.operation, {subject}, coalesce(sum(s.amount_min), 0), coalesce(sum(s.amount_max), 0)
        FROM crm.calls c LEFT JOIN crm.credit_spend s USING (call_id) GROUP BY ALL
    """
    bounds = {(operation, about): (least, most) for operation, about, least, most in project.sql(query)}
    outside = {
        bought: (amount, bounds.get(bought))
        for bought, amount in charged.items()
        if not bounds.get(bought, (0, 0))[0] <= amount <= bounds.get(bought, (0, 0))[1]
    }
    assert outside == {}
    uncharged = {bought: least for bought, (least, _) in bounds.items() if least > 0 and bought not in charged}
    assert uncharged == {}
