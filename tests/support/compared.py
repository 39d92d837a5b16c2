"""What must be so whatever a run went through: the vendors' books show nothing bought twice, and the tables hold what
an uninterrupted run would have left there, but for calls that are in doubt, and for what these hold back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import duckdb

from tests.support.project import Project

#: (operation, person); no two vendors have an operation in common
Bought = tuple[str, str]
Rows = dict[str, list[tuple[Any, ...]]]

VENDORS = ("clodura", "sixtyfour")
#: what a call in doubt leaves open of the same person: verdicts, what they say of an address, whoever is asked next
Held = Mapping[str, tuple[str, ...]]
HANGS_ON: Held = {
    "reveal_email": ("verify_email", "find_email"),
    "reveal_phone": ("find_phone",),
    "find_email": ("verify_email",),
    "verify_email": ("reveal_email", "find_email"),
}

#: tables without what differs from run to run: ids of ours, times. The first two columns are (operation, person).
_COMPARED = {
    "people": "SELECT 'search_people', * EXCLUDE (first_seen_at, _dlt_load_id) FROM crm.people",
    "organizations": "SELECT 'search_people', organization_id, * EXCLUDE (organization_id, _dlt_load_id)"
    " FROM crm.organizations",
    "emails": "SELECT c.operation, e.person_id, e.email, e.type, e.status, e.status_raw, e.provider, e.found_by,"
    " e.providers, e.former FROM crm.emails e JOIN crm.calls c USING (call_id)",
    "phones": "SELECT c.operation, p.person_id, p.number, p.number_raw, p.type, p.country, p.provider, p.found_by,"
    " p.providers FROM crm.phones p JOIN crm.calls c USING (call_id)",
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


def assert_same_but_for(doubtful: set[Bought], found: Rows, wanted: Rows, hangs_on: Held = HANGS_ON) -> None:
    """Nothing missing, nothing changed, nothing more; what hangs on a call in doubt is left out of the comparison."""
    left_out = {(other, person) for operation, person in doubtful for other in hangs_on.get(operation, ())} | doubtful
    for name, rows in wanted.items():
        there, expected = ([row for row in table if row[:2] not in left_out] for table in (found[name], rows))
        missing, added = Counter(expected) - Counter(there), Counter(there) - Counter(expected)
        assert not missing, f"{name} lacks {list(missing)[:5]}; {name} has more: {list(added)[:5]}"
        assert not added, f"{name} has more: {list(added)[:5]}"


def jobs(project: Project) -> Counter[Bought]:
    """How often each thing was accepted by a vendor, each lead of a request for many by itself."""
    first = ((job["operation"], job["subject"]) for job in project.server.books()["jobs"])
    second = (
        (_operation(job), lead["subject"])
        for job in project.server.books(vendor="sixtyfour")["jobs"]
        for lead in job["leads"]
    )
    return Counter([*first, *second])


def _operation(entry: Mapping[str, Any]) -> str:
    """What we call a purchase in the second vendor's books."""
    return "find_personal_email" if entry["mode"] == "PERSONAL" else str(entry["operation"])


def assert_nothing_bought_twice(project: Project) -> None:
    """The vendors' books show at most one job for each thing, and no thing that was charged again."""
    again = {bought: count for bought, count in jobs(project).items() if count > 1}
    assert again == {}
    for vendor in VENDORS:
        assert project.server.books(summary=True, vendor=vendor)["totals"]["charged_again"] == 0


def charged(project: Project) -> Counter[Bought]:
    """What each thing was charged, searches left out: 1/100 of each vendor's unit."""
    found: Counter[Bought] = Counter()
    for charge in project.server.books()["charges"]:
        if charge["operation"] != "search":
            found[charge["operation"], charge["subject"]] += charge["amount"]
    for charge in project.server.books(vendor="sixtyfour")["charges"]:
        found[_operation(charge), charge["subject"]] += charge["amount"]
    return found


def assert_charges_within_bounds(project: Project) -> None:
    """What a vendor charged for each call lies between the bounds of our books; what we do not know cost nothing."""
    amounts = charged(project)
    subject = "CASE WHEN c.operation = 'verify_email' THEN c.parameters::JSON->>'email' ELSE c.person_id END"
    query = f"""
        SELECT c.operation, {subject}, coalesce(sum(s.amount_min), 0), coalesce(sum(s.amount_max), 0)
        FROM crm.calls c LEFT JOIN crm.credit_spend s USING (call_id) GROUP BY ALL
    """
    bounds = {(operation, about): (least, most) for operation, about, least, most in project.sql(query)}
    outside = {
        bought: (amount, bounds.get(bought))
        for bought, amount in amounts.items()
        if not bounds.get(bought, (0, 0))[0] <= amount <= bounds.get(bought, (0, 0))[1]
    }
    assert outside == {}
    uncharged = {bought: least for bought, (least, _) in bounds.items() if least > 0 and bought not in amounts}
    assert uncharged == {}
