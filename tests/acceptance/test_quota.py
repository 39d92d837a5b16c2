"""A quota: what a search may use of it, and what it leaves for collecting answers that are paid for."""

from __future__ import annotations

import pytest

from sandbox import Server
from tests.support.project import WITHOUT_LOADING, Project


@pytest.mark.parametrize("something_open", [False, True])
def test_a_search_alone_uses_all_of_a_quota_and_one_beside_something_open_leaves_a_part(
    bare: Project, vendor: Server, something_open: bool
) -> None:
    """Sixty calls an hour, three of them for collecting; more searches than that. A job that never ends is open."""
    searches = {f"s{number}": {"person_title": [f"nobody {number}"]} for number in range(70)}
    limits = {"rate_limits": ["60/hour"]}
    webhook = {"mode": "poll"}
    if something_open:
        vendor.set_behaviour(faults=[{"operation": "reveal_email", "fault": "dropped"}])
        bare.configure(clodura=limits, webhook=webhook)
        bare.run("sync", "--json", "--enrich", "email", "--limit", "1", "--wait", "1s", prelude=WITHOUT_LOADING)
    bare.configure(searches=searches, clodura=limits, webhook=webhook)
    done = bare.run("sync", "--json", "--enrich", "none", "--wait", "1s", prelude=WITHOUT_LOADING)
    assert done.exit_code == 3, done.stderr
    calls = [call["operation"] for call in vendor.books()["requests"]]
    assert ("reveal_email" in calls) is something_open
    if something_open:
        assert len(calls) - calls[::-1].index("search") == 57  # the last search takes the last call but three
    else:
        assert len(calls) == 60
