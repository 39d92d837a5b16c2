"""Searches read whole over several runs: a crash, a quota, people who go, come back, change their jobs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from sandbox import Server
from tests.support.compared import tables
from tests.support.project import WITHOUT_LOADING, Finished, Project, finish, wait_until
from tests.support.wrong_clock import DAY, SHIFTED

SEARCH = "/api/v1/search/people"
#: windows show three pages of a hundred people: what takes a million otherwise takes a thousand
SMALL = """
import sources.clodura.concluding as concluding, sources.clodura.scan as scan
import sources.clodura.splitting as splitting, sources.clodura.walks as walks
walks.LAST_PAGE = scan.LAST_PAGE = concluding.LAST_PAGE = 3
splitting.MOST_SHOWN = scan.MOST_SHOWN = concluding.MOST_SHOWN = 300
splitting.AIM, concluding.FITS, scan.LIKELY_FULL, walks.MANY = 200, 270, 240, 2
"""
#: no page is asked for a second time to see whether pages have shifted
UNCHECKED = "import sources.clodura.paging as paging\npaging.CHECKED = 1000\n"
#: no filter tells people apart
UNSPLIT = "scan.split = scan.companies = lambda *arguments, **options: None\n"
#: all is read, and nothing loaded: the process ends in its last load
UNLOADED = "import os, pipelines.sync as sync\nsync._Run._conclude = lambda *arguments: os._exit(9)\n"
INDIA = {"person_country": ["United States"]}


def sync(project: Project, *arguments: str, prelude: str = "") -> Finished:
    return project.run("sync", "--json", "--enrich", "none", *arguments, prelude=prelude)


def windows_of(vendor: Server) -> dict[str, dict[str, Any]]:
    found = vendor.searches()["windows"]
    return {json.dumps([window["filters"], window["exclude_viewed"]], sort_keys=True): window for window in found}


def again(vendor: Server) -> int:
    return sum(window["again"] for window in vendor.searches()["windows"])


def seen(project: Project) -> dict[str, bool]:
    """Everybody, and whether missing."""
    return dict(project.sql("SELECT person_id, missing_since IS NOT NULL FROM crm.people_seen"))


def people_as_they_are(project: Project) -> dict[str, Any]:
    found = tables(project)
    return {**{name: found[name] for name in ("people", "organizations")}, "seen": seen(project)}


@pytest.mark.parametrize(
    ("people", "small", "calls", "kept"),
    [
        (1_400, SMALL, 15, 100),
        # fewer calls are pages of the full window, whose people its parts show again
        *(pytest.param(10_200, "", calls, kept, marks=pytest.mark.thorough)
          for calls, kept in ((3, 0), (15, 0), (40, 1_000), (90, 1_000))),
    ],
)  # fmt: skip
def test_after_kill_nine_no_page_is_asked_for_again_but_those_in_flight_and_the_same_is_left(
    project: Project, vendor: Server, tmp_path_factory: pytest.TempPathFactory,
    people: int, small: str, calls: int, kept: int,
) -> None:  # fmt: skip
    vendor.reset(people=people, kind="usual" if small else "skewed", behaviour={"latency": 0.03 if small else 0.01})
    prelude = small + UNCHECKED
    process = project.start("sync", "--json", "--enrich", "none", prelude=prelude)
    wait_until(lambda: vendor.searches()["calls"] >= calls, f"{calls} calls")
    process.kill()
    finish(process)
    killed_at = vendor.searches()["calls"]
    vendor.set_behaviour(latency=0.0)
    rest = sync(project, prelude=prelude)
    assert (rest.exit_code, rest.json["exit_reason"]) == (0, "done"), rest.stderr
    assert again(vendor) <= 8
    assert rest.json["search_calls"] == vendor.searches()["calls"] - killed_at
    assert set(seen(project)) == set(vendor.present().now)
    assert not any(seen(project).values())
    assert project.one("SELECT count(*) FROM crm.people") == people
    # on however many pages the killed run saw them
    assert rest.json["people_seen"] == rest.json["people_new"] == people
    last = "(SELECT max_by(run_id, started_at) AS run_id FROM crm.runs)"
    asked = f"SELECT sum(calls) FROM crm.search_coverage JOIN {last} USING (run_id)"
    assert project.one(asked) == rest.json["search_calls"]
    # whom the killed run has seen was seen then, although it was this one that loaded it
    then = "SELECT count(*) FROM crm.people_seen WHERE last_seen_at < (SELECT max(started_at) FROM crm.runs)"
    assert project.one(then) >= kept
    # an uninterrupted run leaves the same
    other = Project(tmp_path_factory.mktemp("other"), vendor)
    other.configure()
    assert sync(other, prelude=small).exit_code == 0
    assert people_as_they_are(project) == people_as_they_are(other)
    # the next run knows which window is full, and loads nobody
    before = people_as_they_are(project), project.sql("SELECT person_id, _dlt_load_id FROM crm.people ORDER BY 1")
    full = windows_of(vendor)["[{}, false]"]["calls"]
    second = sync(project, prelude=small)
    assert second.exit_code == 0
    told = second.json
    assert (told["people_new"], told["people_changed"], told["people_unchanged"]) == (0, 0, people)
    assert windows_of(vendor)["[{}, false]"]["calls"] == full
    assert project.sql("SELECT person_id, _dlt_load_id FROM crm.people ORDER BY 1") == before[1]
    assert people_as_they_are(project) == before[0]
    assert project.one("SELECT count(DISTINCT last_seen_at) >= 1 AND min(last_seen_at) > ("
                       "SELECT min(started_at) FROM crm.runs WHERE people_new = 0) FROM crm.people_seen")  # fmt: skip


@pytest.mark.parametrize(
    ("small", "coverage"), [pytest.param(SMALL, "split", marks=pytest.mark.thorough), ("", "complete")]
)
def test_a_search_that_a_quota_ends_goes_on_in_the_next_hour(
    project: Project, vendor: Server, small: str, coverage: str
) -> None:
    vendor.reset(people=1_500, behaviour={"latency": 0.05})
    project.configure(clodura={"rate_limits": ["10/hour"]})
    runs = []
    for hour in range(6):
        before = vendor.searches()["calls"]
        prelude = small + UNCHECKED + SHIFTED.format(ahead=hour * 3700)
        runs.append(sync(project, "--wait", "1s", prelude=prelude))
        done = runs[-1]
        assert done.json["search_calls"] == vendor.searches()["calls"] - before <= 10
        if done.exit_code == 0:
            break
        assert (done.exit_code, done.json["exit_reason"]) == (3, "quota"), done.stderr
        assert not any(seen(project).values())
    assert runs[-1].exit_code == 0
    assert len(runs) >= 2
    assert again(vendor) == 0
    assert set(seen(project)) == set(vendor.present().now)
    covered = project.sql("SELECT coverage FROM crm.search_coverage WHERE role = 'search' ORDER BY finished_at")
    assert [row for (row,) in covered] == ["interrupted"] * (len(runs) - 1) + [coverage]
    # every window has a row in the run that read it
    assert project.one("SELECT count(DISTINCT filters) FROM crm.search_coverage") == len(windows_of(vendor))
    assert project.one("SELECT count(*) FROM crm.search_coverage WHERE role <> 'search' AND part_of IS NULL") == 0
    calls = [done.json["search_calls"] for done in runs]
    assert calls[:-1] == [10] * (len(runs) - 1)  # all that the quota allows, and every page of it was of use
    assert sum(calls) == vendor.searches()["calls"]


def leave(vendor: Server, count: int) -> set[str]:
    """So many people are gone from now on, until the switch is set back."""
    vendor.set_behaviour(search_shifts=[{"after": 1, "change": "remove", "where": "anywhere", "count": count}])
    vendor.request("POST", SEARCH, {"page": 1, "perPage": 1})
    return set(vendor.present().removed)


def test_who_is_gone_is_missing_until_seen_again(project: Project, vendor: Server) -> None:
    vendor.reset(people=150)
    assert sync(project).json["people_missing"] == 0
    everybody = seen(project)
    gone = leave(vendor, 5)
    done = sync(project)
    assert (done.exit_code, done.json["people_missing"]) == (0, 5)
    assert {person for person, missing in seen(project).items() if missing} == gone
    since = project.sql("SELECT DISTINCT missing_since FROM crm.people_seen WHERE missing_since IS NOT NULL")
    assert sync(project).json["people_missing"] == 0  # they were told before
    assert project.sql("SELECT DISTINCT missing_since FROM crm.people_seen WHERE missing_since IS NOT NULL") == since
    vendor.set_behaviour(search_shifts=[])
    back = sync(project)
    assert (back.json["people_new"], back.json["people_missing"]) == (0, 0)
    assert seen(project) == everybody
    assert not any(everybody.values())


def test_nobody_is_missing_after_a_scan_that_has_not_seen_everybody(project: Project, vendor: Server) -> None:
    vendor.reset(people=350, behaviour={"search_marks_viewed": True})
    assert sync(project).exit_code == 0
    leave(vendor, 5)
    last = "SELECT coverage FROM crm.search_coverage WHERE role = 'search' ORDER BY started_at DESC LIMIT 1"

    def scan(coverage: str, code: int, *arguments: str, prelude: str = "") -> None:
        done = sync(project, *arguments, prelude=prelude)
        assert (done.exit_code, done.json["people_missing"]) == (code, 0), done.stderr
        assert not any(seen(project).values())
        assert project.one(last) == coverage

    scan("limited", 0, "--limit", "50")
    project.configure(searches={"everyone": {"exclude_viewed_people": True}})
    scan("complete", 0)
    project.configure()
    scan("truncated", 3, prelude=SMALL + UNSPLIT)
    vendor.set_behaviour(faults=[{"operation": "search", "fault": "400", "nth": [4]}])
    scan("interrupted", 1)


def test_a_search_for_new_people_only_reads_all_once_in_a_while(project: Project, vendor: Server) -> None:
    vendor.reset(people=150, behaviour={"search_marks_viewed": True, "search_charge": "viewed"})

    def run(every: str | int = "30d", days: float = 0.0) -> tuple[int, list[bool]]:
        """People seen, and for each set of filters that was asked for whether viewed people were left out."""
        before = windows_of(vendor)
        project.configure(searches={"everyone": {"new_only": True, "full_scan_every": every}})
        done = sync(project, prelude=SHIFTED.format(ahead=days * DAY))
        assert done.exit_code == 0, done.stderr
        after = windows_of(vendor)
        asked = [key for key, window in after.items() if window["calls"] != before.get(key, {"calls": 0})["calls"]]
        return done.json["people_seen"], [after[key]["exclude_viewed"] for key in asked]

    assert run() == (150, [False])
    gone = leave(vendor, 3)
    assert run() == (0, [True])
    assert not any(seen(project).values())
    assert run(every=0) == (147, [False])
    assert {person for person, missing in seen(project).items() if missing} == gone
    assert run() == (0, [True])
    assert run(days=31) == (147, [False])
    assert run(every="90d", days=62) == (0, [True])


def test_who_changes_jobs_has_a_history(project: Project, vendor: Server) -> None:
    vendor.reset(people=150)
    assert sync(project).exit_code == 0
    jobs = "SELECT person_id, title, seniority, organization_id FROM crm.people"
    former = {row[0]: row[1:] for row in project.sql(jobs)}
    vendor.set_behaviour(new_jobs=20)
    done = sync(project)
    changed = {row[0] for row in project.sql(jobs) if former[row[0]] != row[1:]}
    assert 10 <= len(changed) <= 20
    assert done.json["people_changed"] >= len(changed)
    history = project.sql(
        "SELECT person_id, title, seniority, organization_id, valid_from < valid_to FROM crm.people_history"
    )
    assert sorted(row[0] for row in history) == sorted(changed)
    assert {row[0]: row[1:4] for row in history} == {person: former[person] for person in changed}
    assert all(row[4] for row in history)
    assert sync(project).json["people_changed"] == 0
    assert project.one("SELECT count(*) FROM crm.people_history") == len(history)
    vendor.set_behaviour(new_jobs=0)
    assert sync(project).exit_code == 0
    assert project.one("SELECT count(*) FROM crm.people_history") == 2 * len(history)
    # a record without a job ends none
    for prelude in (
        "import sources.clodura.columns as c\nc.People.jobs = lambda self: [(None,) * 4] * len(self)\n",
        "",
    ):
        assert sync(project, prelude=prelude).exit_code == 0
    assert project.one("SELECT count(*) FROM crm.people_history") == 2 * len(history)


def test_windows_are_told_with_what_they_are_parts_of_and_who_cannot_be_seen(project: Project, vendor: Server) -> None:
    vendor.reset(people=1_200)
    project.configure(searches={"all": {}, "one": INDIA, "few": {"person_country": ["India"]}})
    done = sync(project, prelude=SMALL)
    rows = project.sql(
        'SELECT search, "window", role, part_of, split_by, coverage, people_left FROM crm.search_coverage'
    )
    by_window = {row[1]: row for row in rows}
    assert len(by_window) == len(rows)
    for search, window, role, part_of, split_by, coverage, _ in rows:
        assert window.startswith(f"{search}/")
        assert (part_of is None) is (role == "search")
        if part_of is not None:
            parent = by_window[part_of]
            assert parent[0] == search
            assert parent[4] is not None
        assert (split_by is not None) is any(row[3] == window for row in rows)
        assert coverage in ("complete", "split", "unproven", "truncated")
    assert {row[0]: row[5] for row in rows if row[2] == "search" and row[0] != "one"} == {
        "all": "split",
        "few": "complete",
    }
    assert {row[2] for row in rows if row[0] == "all"} == {"search", "part", "complement"}
    truncated = [row for row in rows if row[2] == "search" and row[5] == "truncated"]
    assert done.exit_code == (3 if truncated else 0)
    found = {person for (person,) in project.sql("SELECT person_id FROM crm.people")}
    assert found >= set(vendor.present().now)  # whom `one` cannot see `all` has seen
    told = sync(project, "all", prelude=SMALL + UNSPLIT + "scan.Scan._look_further = None\n")
    assert told.exit_code == 0  # how it was split is remembered


def test_windows_that_hide_people_are_named_in_the_summary_and_in_words(project: Project, vendor: Server) -> None:
    vendor.reset(people=400)
    done = sync(project, prelude=SMALL + UNSPLIT)
    assert (done.exit_code, done.json["exit_reason"], done.json["truncated_windows"]) == (3, "truncated", 1)
    assert done.json["truncated"] == [{"search": "everyone", "window": "the search itself", "people_left": None}]
    assert done.json["people_seen"] == 300
    assert "Search everyone: nobody knows how many people are on no page, in the window" in done.json["message"]
    (row,) = project.sql("SELECT search, coverage, people FROM crm.search_coverage")
    assert row == ("everyone", "truncated", 300)


def test_a_scan_that_was_read_and_not_loaded_is_loaded_and_the_next_begun(project: Project, vendor: Server) -> None:
    vendor.reset(people=350)
    assert sync(project).exit_code == 0
    gone = leave(vendor, 5)
    assert sync(project, prelude=UNLOADED).exit_code == 9
    asked = vendor.searches()["calls"]
    done = sync(project)
    assert (done.exit_code, done.json["exit_reason"], done.json["people_missing"]) == (0, "done", 5), done.stderr
    assert done.json["search_calls"] == vendor.searches()["calls"] - asked > 0  # a scan of its own, too
    assert {person for person, missing in seen(project).items() if missing} == gone
    last = "SELECT coverage, people FROM crm.search_coverage ORDER BY finished_at DESC LIMIT 1"
    assert project.sql(last) == [("complete", 345)]
    assert project.ledger("SELECT coverage FROM scans ORDER BY scan_id") == [("complete",)] * 3


def test_windows_that_are_told_as_the_end_of_a_scan_are_told_once(project: Project, vendor: Server) -> None:
    vendor.reset(people=400)
    assert sync(project, prelude=SMALL + UNSPLIT + UNLOADED).exit_code == 9
    done = sync(project, prelude=SMALL + UNSPLIT)
    assert (done.exit_code, done.json["truncated_searches"], len(done.json["truncated"])) == (3, ["everyone"], 1)


def begin_and_stop(project: Project, prelude: str = "") -> None:
    """A scan of which two pages are read."""
    project.configure(clodura={"rate_limits": ["2/hour"]})
    done = sync(project, "--wait", "1s", prelude=UNCHECKED + prelude)
    assert done.exit_code == (9 if prelude == UNLOADED else 3), done.stderr
    project.configure(clodura={"rate_limits": ["1000/hour"]})


def test_each_dataset_is_told_who_is_missing_and_gets_scans_of_its_own(project: Project, vendor: Server) -> None:
    vendor.reset(people=150)
    for dataset in ("crm", "two"):
        assert sync(project, "--dataset", dataset).exit_code == 0
    gone = leave(vendor, 5)
    told = [sync(project, "--dataset", dataset).json["people_missing"] for dataset in ("crm", "two", "two")]
    assert told == [5, 5, 0]
    for dataset in ("crm", "two"):
        query = f"SELECT person_id FROM {dataset}.people_seen WHERE missing_since IS NOT NULL"
        assert {person for (person,) in project.sql(query)} == gone


def test_what_was_read_for_a_dataset_stays_its_own(project: Project, vendor: Server) -> None:
    vendor.reset(people=350)
    begin_and_stop(project, prelude=UNLOADED)  # two pages lie in the ledger
    (kept,) = project.ledger("SELECT count(*) FROM spool")
    assert kept[0] > 0
    other = sync(project, "--dataset", "two")
    assert (other.exit_code, other.json["people_seen"]) == (0, 350), other.stderr
    assert project.one("SELECT count(*) FROM two.people") == 350
    assert project.one("SELECT coverage FROM two.search_coverage") == "complete"
    assert project.ledger("SELECT count(*) FROM spool") == [kept]
    assert sync(project).exit_code == 0
    assert project.one("SELECT count(*) FROM crm.people") == 350
    assert project.ledger("SELECT count(*) FROM spool") == [(0,)]


def test_a_page_that_was_kept_and_is_damaged_is_asked_for_again(project: Project, vendor: Server) -> None:
    vendor.reset(people=350)
    begin_and_stop(project, prelude=UNLOADED)
    with closing(sqlite3.connect(project.folder / ".leadsync" / "ledger.db")) as ledger, ledger:
        ledger.execute("UPDATE spool SET body = x'00000004ffffffff' WHERE spool_id = (SELECT min(spool_id) FROM spool)")
    done = sync(project)
    assert done.exit_code == 0, done.stderr
    assert "kept_page_unreadable" in done.stderr
    assert len(seen(project)) == project.one("SELECT count(*) FROM crm.people") == 350
    assert again(vendor) >= 1


def test_a_sync_of_some_people_leaves_a_scan_that_is_under_way_alone(project: Project, vendor: Server) -> None:
    vendor.reset(people=350)
    begin_and_stop(project)
    some = sync(project, "--limit", "50")
    assert (some.exit_code, some.json["people_seen"]) == (0, 50), some.stderr
    last = "SELECT people FROM crm.search_coverage ORDER BY started_at DESC LIMIT 1"
    assert project.one(last) == 50
    assert sync(project).exit_code == 0
    last = "SELECT coverage, people FROM crm.search_coverage ORDER BY finished_at DESC LIMIT 1"
    assert project.sql(last) == [("complete", 350)]


def test_nobody_is_missing_where_a_record_could_not_be_read(project: Project, vendor: Server) -> None:
    vendor.reset(people=350)
    assert sync(project).exit_code == 0
    leave(vendor, 5)
    odd = "import sources.clodura.records as records\nbefore = records._items\n"
    done = sync(project, prelude=odd + "records._items = lambda found: [*before(found), 7][-100:]\n")
    assert (done.exit_code, done.json["people_missing"]) == (0, 0), done.stderr
    assert not any(seen(project).values())
    assert sync(project).json["people_missing"] == 5


@pytest.mark.parametrize("how", ["resumed", "new_only"])
def test_who_was_read_before_a_channel_was_wanted_is_asked_for_too(project: Project, vendor: Server, how: str) -> None:
    if how == "resumed":
        vendor.reset(people=250)
        begin_and_stop(project, WITHOUT_LOADING)
    else:
        vendor.reset(people=50, behaviour={"search_marks_viewed": True})
        project.configure(searches={"everyone": {"new_only": True}})
        assert sync(project, prelude=WITHOUT_LOADING).exit_code == 0
    everybody = len(vendor.present().now)
    done = project.sync("--enrich", "email", load=False)
    assert done.exit_code == 0, done.stderr
    assert project.ledger("SELECT count(DISTINCT person_id) FROM calls WHERE channel = 'email'") == [(everybody,)]


#: the run dies when all is read, before any of it is loaded
DIES_UNLOADED = """
import os, time, pipelines.feed as feed
def take(self, seconds):
    while not self._closed:
        time.sleep(0.02)
    os._exit(9)
feed.Feed.take = take
"""


def test_who_comes_back_from_two_scans_is_as_the_last_has_told_and_is_counted_once(
    project: Project, vendor: Server
) -> None:
    vendor.reset(people=500)
    assert sync(project, prelude=DIES_UNLOADED).exit_code == 9
    vendor.set_behaviour(new_jobs=50)
    assert sync(project, prelude=DIES_UNLOADED + SHIFTED.format(ahead=DAY)).exit_code == 9
    done = sync(project, prelude=SHIFTED.format(ahead=DAY + 3600))
    assert (done.exit_code, done.json["people_seen"], done.json["people_new"]) == (0, 500, 500), done.stderr
    titles = dict(project.sql("SELECT person_id, title FROM crm.people"))
    assert titles == dict(project.ledger("SELECT person_id, json_extract(facts, '$.title') FROM people"))
    assert len(project.sql("SELECT person_id FROM crm.job_changes")) == 50
    seen_at = "SELECT person_id, epoch_us(last_seen_at) FROM crm.people_seen"
    assert dict(project.sql(seen_at)) == dict(project.ledger("SELECT person_id, last_seen_at FROM sightings"))
