"""A page of people in the ledger, in columns: who they are, what they do, who has seen them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrichment.ledger import Ledger, scans, schema
from enrichment.ledger.aliases import Named, identify
from enrichment.ledger.deliveries import Deliveries, announce, deliver, forget_loads, known_hashes, last_load, parts
from enrichment.ledger.recognizing import recognize
from enrichment.ledger.schema import aliases, history, metadata, people, sightings
from enrichment.ledger.seen import facts_of, remember, remember_people
from enrichment.ledger.sightings import missing, missing_deliveries, sight, unasked, untold
from enrichment.storage import Savepoint, open_file
from pipelines.leads.people import VENDOR, implied
from sources.errors import LedgerError
from sources.providers import Person
from tests.support.ledgers import new_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    engine = open_file(tmp_path_factory.mktemp("ledger") / "ledger.db", "ledger")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def all_of(connection: sa.Connection, table: sa.Table) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)


def rows(ledger: Ledger, table: sa.Table) -> list[tuple[Any, ...]]:
    with ledger.read() as connection:
        return all_of(connection, table)


Shown = tuple[str, bool, str | None]
IDS = ["1", "2", "3", "4", "an:id"]
PROFILES = ["a", "b", "c", "d"]
SHOWN = st.one_of(
    st.tuples(st.sampled_from(IDS), st.just(True), st.none() | st.sampled_from(PROFILES)),
    st.sampled_from(PROFILES).map(lambda slug: (f"linkedin:{slug}", False, slug)),
    st.tuples(st.sampled_from(["linkedin:a", "record:x", "1"]), st.just(False), st.none() | st.sampled_from(PROFILES)),
)
LISTED = st.tuples(
    st.none() | st.sampled_from(IDS[:4]).map(lambda value: (VENDOR, value)),
    st.none() | st.sampled_from(PROFILES).map(lambda value: ("linkedin", value)),
    st.none() | st.sampled_from(["n|x.io", "m|x.io"]).map(lambda value: ("name_domain", value)),
).filter(any)


def of_list(identifiers: tuple[tuple[str, str] | None, ...]) -> Named:
    pairs = tuple(pair for pair in identifiers if pair is not None)
    kind, value = pairs[0]
    return Named(value if kind == VENDOR else f"{kind}:{value}", pairs)


def of_search(key: str, own: bool, profile: str | None) -> Named:
    vendors = ((VENDOR, key),) if own else ()
    return Named(key, (*vendors, ("linkedin", profile)) if profile is not None else vendors)


def same_as_identify(connection: sa.Connection, page: list[Shown]) -> list[str]:
    """Recognize them, and find that all is as if they had been identified."""
    with Savepoint(connection) as general:
        expected = identify(connection, [of_search(*one) for one in page], implied)
        noted = all_of(connection, aliases)
        general.undo()
    keys, own = [one[0] for one in page], [one[1] for one in page]
    assert recognize(connection, VENDOR, keys, own, [one[2] for one in page], implied) == expected
    assert all_of(connection, aliases) == noted
    return expected


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lists=st.lists(st.lists(LISTED, max_size=4), max_size=3),
    seen=st.lists(st.sampled_from([*IDS, "linkedin:a", "linkedin:b"]), max_size=3),
    pages=st.lists(st.lists(SHOWN, max_size=6), min_size=1, max_size=3),
)
def test_who_they_are_is_what_identify_says_and_so_is_what_is_noted(
    engine: sa.Engine, lists: list[list[Any]], seen: list[str], pages: list[list[Shown]]
) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        for listed in lists:
            keys = identify(connection, [of_list(one) for one in listed], implied)
            remember_people(connection, [Person(key) for key in keys[:2]], 1)
        remember_people(connection, [Person(key) for key in seen], 1)
        for page in pages:
            keys = same_as_identify(connection, page)
            remember_people(connection, [Person(key) for key in keys], 1)
        transaction.rollback()


def test_somebody_usual_whom_another_of_the_page_turns_out_to_be_is_weighed_too(engine: sa.Engine) -> None:
    """7 was seen under her id, k is known by two profiles; that 7 is k the page says, and shows k once more."""
    with engine.connect() as connection, connection.begin() as transaction:
        remember_people(connection, [Person("7")], 1)
        profiles = [{"kind": "linkedin", "value": slug, "person_id": "linkedin:k"} for slug in "ak"]
        connection.execute(aliases.insert(), profiles)
        page = [("7", True, "a"), ("linkedin:k", False, "k"), ("9", True, None)]
        assert same_as_identify(connection, page) == ["7", "7", "9"]
        transaction.rollback()


def test_a_usual_page_weighs_nobody_and_an_odd_one_only_the_odd(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    weighed: list[list[str]] = []

    def look(connection: sa.Connection, named: list[Named], *rest: Any) -> list[str]:
        weighed.append([one.key for one in named])
        return identify(connection, named, *rest)

    monkeypatch.setattr("enrichment.ledger.recognizing.identify", look)
    keys, own, profiles = ["1", "2", "linkedin:c", "record:x"], [True, True, False, False], ["a", None, "c", None]
    for _ in range(2):
        assert ledger.call(recognize, VENDOR, keys, own, profiles, implied) == keys
        ledger.call(remember_people, [Person(key) for key in keys], 1)
    assert weighed == []
    odd, profiles = ["1", "7", "2", "8"], ["a", "c", "b", None]
    assert ledger.call(recognize, VENDOR, odd, [True] * 4, profiles, implied) == ["1", "linkedin:c", "2", "8"]
    assert weighed == [["7"]]


BEGIN: dict[str, Any] = {"whole": True, "since": 0}
JOB, OTHER_JOB, THIRD = (json.dumps(["CTO", "c", f"o{n}", f"Acme {n}"]) for n in range(3))


def test_people_are_noted_once_and_what_is_known_of_them_follows(ledger: Ledger) -> None:
    assert ledger.call(remember, ["a", "b", "a"], ["{}", "{}", '{"x":1}'], [JOB, None, JOB], 5) == [5, 5, 5]
    assert ledger.call(remember, ["c", "a", "b"], ["{}", "{}", '{"y":"\\""}'], [None, None, JOB], 9) == [9, 5, 5]
    assert rows(ledger, people) == [
        ("a", 5, "{}", JOB, 5),
        ("b", 5, '{"y":"\\""}', JOB, 9),
        ("c", 9, "{}", None, None),
    ]
    assert rows(ledger, history) == []


def test_a_job_that_changes_becomes_history(ledger: Ledger) -> None:
    for now, job in ((5, JOB), (6, JOB), (7, OTHER_JOB), (8, None), (9, JOB)):
        assert ledger.call(remember, ["a"], ["{}"], [job], now) == [5]
    assert rows(ledger, people) == [("a", 5, "{}", JOB, 9)]
    assert rows(ledger, history) == [("a", 5, 7, JOB), ("a", 7, 9, OTHER_JOB)]


def test_no_job_is_lost_where_pages_come_at_the_same_moment_or_in_another_order(ledger: Ledger) -> None:
    for now, job in ((5, JOB), (5, OTHER_JOB), (3, THIRD)):
        ledger.call(remember, ["a"], ["{}"], [job], now)
    assert rows(ledger, history) == [("a", 5, 6, JOB), ("a", 6, 7, OTHER_JOB)]
    assert rows(ledger, people) == [("a", 5, "{}", THIRD, 7)]
    ledger.call(remember, ["n", "n", "n"], ["{}"] * 3, [JOB, OTHER_JOB, THIRD], 5)
    assert rows(ledger, history)[2:] == [("n", 5, 6, JOB), ("n", 6, 7, OTHER_JOB)]


def test_what_is_known_is_written_as_remember_people_writes_it(ledger: Ledger) -> None:
    person = Person("a", first_name="Zoë", linkedin_url='https://x.io/"z"', country="Côte d'Ivoire")
    ledger.call(remember_people, [person], 1)
    first = ledger.call(remember, ["a"], [facts_of(person)], [None], 2)
    assert first == [1]
    assert rows(ledger, people) == [("a", 1, facts_of(person), None, None)]


def test_who_was_seen_is_told_from_who_was_seen_before_in_the_same_scan(ledger: Ledger) -> None:
    assert ledger.call(sight, "s", 1, 0, ["a", "b", "a"], 5) == [None, None, 0]
    assert ledger.call(sight, "s", 1, 3, ["b", "c"], 6) == [0, None]
    assert ledger.call(sight, "other", 1, 4, ["b"], 7) == [None]
    assert ledger.call(sight, "s", 2, 0, ["a", "b", "c"], 8) == [None, None, None]
    assert rows(ledger, sightings) == [
        ("other", "b", 1, 4, 7, None),
        ("s", "a", 2, 0, 8, None),
        ("s", "b", 2, 0, 8, None),
        ("s", "c", 2, 0, 8, None),
    ]


def scan(ledger: Ledger, now: int, fingerprint: str = "f", **options: Any) -> scans.Scan:
    asked = scans.Asked("s", fingerprint, "everybody", "sink")
    return ledger.call(lambda connection: scans.begin(connection, asked, **{**BEGIN, "now": now, **options}))


def whole(ledger: Ledger, now: int, keys: str, asked: scans.Asked | None = None, *, whole: bool = True) -> int:
    """A scan that sees these people and is finished; its number."""
    asked = asked or scans.Asked("s", "f", "everybody", "sink")
    one = ledger.call(lambda connection: scans.begin(connection, asked, whole=whole, now=now, since=now))
    ledger.call(sight, "s", one.scan_id, 0, list(keys), now)
    ledger.call(scans.finish, one.scan_id, "complete", now)
    return one.scan_id


def test_whom_a_scan_has_not_seen_is_missing_once_and_until_seen_again(ledger: Ledger) -> None:
    whole(ledger, 5, "abcde")
    ledger.call(sight, "other", 1, 0, ["z"], 5)
    second = whole(ledger, 6, "b")
    assert ledger.call(missing, "s", second, 6, 7, "", 2) == ["a", "c"]
    assert ledger.call(missing, "s", second, 6, 8, "c", 2) == ["d", "e"]
    assert ledger.call(missing, "s", second, 6, 9, "e", 2) == []
    assert ledger.call(missing, "s", second, 6, 9) == []
    third = whole(ledger, 10, "ab")
    assert {(row[1], row[5]) for row in rows(ledger, sightings) if row[0] == "s"} == {
        ("a", None), ("b", None), ("c", 7), ("d", 8), ("e", 8),
    }  # fmt: skip
    assert ledger.call(missing, "s", third, 10, 11) == []


def test_who_was_found_by_other_filters_is_not_missing_but_for_those_who_were_viewed(ledger: Ledger) -> None:
    wide, new = scans.Asked("s", "w", "w", "sink"), scans.Asked("s", "new", "n", "sink")
    narrow = scans.Asked("s", "n", "n", "sink")
    whole(ledger, 5, "ab", wide)
    whole(ledger, 6, "cd", narrow)
    whole(ledger, 7, "e", new, whole=False)
    last = whole(ledger, 8, "c", narrow)
    assert ledger.call(missing, "s", last, 8, 9) == ["d", "e"]


def test_every_sink_is_told_who_is_missing_of_those_it_has(ledger: Ledger) -> None:
    whole(ledger, 5, "abc")
    ledger.call(missing, "s", whole(ledger, 6, "c"), 6, 7)
    has = [Deliveries("people", list("abc"), ["h"] * 3)]
    ledger.call(deliver, "one", has, "1")
    ledger.call(deliver, "two", [Deliveries("people", ["b"], ["h"])], "1")
    assert ledger.call(untold, "s", "none") == []
    for sink, keys in (("one", "ab"), ("two", "b")):
        told = ledger.call(untold, "s", sink)
        assert told == [(key, 5, 7) for key in keys]
        ledger.call(deliver, sink, [missing_deliveries("s", told)], "2")
        assert ledger.call(untold, "s", sink) == []
    ledger.call(missing, "s", whole(ledger, 8, "abc"), 8, 9)
    assert ledger.call(untold, "s", "one") == []
    ledger.call(missing, "s", whole(ledger, 10, "bc"), 10, 11)  # missing again
    assert ledger.call(untold, "s", "one") == [("a", 8, 11)]
    ledger.call(forget_loads, "one", [])
    ledger.call(deliver, "one", has, "3")
    assert ledger.call(untold, "s", "one", "", 1) == [("a", 8, 11)]


def test_a_scan_is_gone_on_with_for_the_same_sink_only(ledger: Ledger) -> None:
    first = scan(ledger, 5)
    assert scan(ledger, 6) == replace(first, resumed=True)
    other = scans.Asked("s", "f", "everybody", "other")
    second = ledger.call(lambda connection: scans.begin(connection, other, **BEGIN, now=7))
    assert second.resumed is False
    assert scan(ledger, 8).resumed is False  # given up: who was last seen through which window is noted once
    ledger.call(scans.finish, scan(ledger, 9).scan_id, "complete", 9)
    assert ledger.call(scans.last_whole, "s", "f", "sink") == 8
    assert ledger.call(scans.last_whole, "s", "f", "other") is None


def test_pages_are_taken_back_by_the_sink_they_are_for(ledger: Ledger) -> None:
    page = {"page": 1, "scan_id": 1, "number": 0, "walk": 1}
    ids = {sink: ledger.call(scans.put, "s", page, scans.shrunk(b"[]"), sink, 5) for sink in ("one", "two")}
    ledger.call(lambda connection: connection.execute(schema.spool.insert().values(search="s", page=2, body=b"", at=1)))
    for sink in ids:
        kept = ledger.call(scans.spooled, sink, None, 9)
        assert [(one.spool_id, one.page) for one in kept] == [(3, 2), (ids[sink], 1)]  # the other is from before
        assert scans.restored(kept[1].body) == b"[]"
        assert ledger.call(scans.spooled, sink, 3, 9) == kept[1:]


@pytest.mark.parametrize("state", ["open", "split", "done"])
def test_a_page_that_was_kept_and_cannot_be_read_is_to_be_asked_for_again(ledger: Ledger, state: str) -> None:
    one = scan(ledger, 5)
    window: dict[str, Any] = {
        "number": 0,
        "parent": None,
        "role": "search",
        "filters": "{}",
        "coverage": None,
        "details": {},
    }
    ledger.call(scans.keep_windows, one.scan_id, [{**window, "state": state}])
    for number, key in ((1, "a"), (2, "b")):
        page = {"scan_id": one.scan_id, "number": 0, "walk": 1, "page": number}
        ledger.call(scans.note_page, {**page, "fill": "full", "people": 1, "unreadable": 0})
        ledger.call(scans.put, "s", page, b"?", "sink", number)
        ledger.call(sight, "s", one.scan_id, 0, [key], number)
    ledger.call(scans.lose, ledger.call(scans.spooled, "sink", None, 2)[1], 9)
    assert [kept.page for kept in ledger.call(scans.spooled, "sink", None, 9)] == [2]
    if state == "open":
        assert [page.page for page in ledger.call(scans.pages_of, one.scan_id, 0)] == [2]
        assert ledger.call(sight, "s", one.scan_id, 0, ["a", "b"], 10) == [None, 0]
    else:
        assert scan(ledger, 10).resumed is False


def test_a_scan_of_some_people_only_takes_nobody_from_another(ledger: Ledger) -> None:
    ledger.call(sight, "s", 1, 3, ["a", "b"], 5)
    ledger.call(lambda connection: sight(connection, "s", 2, 0, ["b", "c"], 7, alone=True))
    assert rows(ledger, sightings) == [("s", "a", 1, 3, 5, None), ("s", "b", 1, 3, 7, None), ("s", "c", 2, 0, 7, None)]


def test_people_for_whom_a_channel_was_never_asked_are_found_in_parts(ledger: Ledger) -> None:
    ledger.call(sight, "s", 1, 0, list("abc"), 5)
    ledger.call(sight, "s", 2, 0, ["d"], 5)
    for channels, scan_id, keys in ((["email"], None, "abcd"), (["email"], 1, "abc"), ([], None, "")):
        assert ledger.call(unasked, "s", scan_id, channels, "", 9) == list(keys)
    assert ledger.call(unasked, "s", None, ["email"], "a", 2) == ["b", "c"]


def test_a_scan_that_is_given_up_has_marked_nobody_as_missing(ledger: Ledger) -> None:
    first = scan(ledger, 5)
    ledger.call(sight, "s", first.scan_id, 0, ["a", "b", "z"], 5)
    ledger.call(scans.finish, first.scan_id, "complete", 6)
    second = scan(ledger, 10)
    ledger.call(sight, "s", second.scan_id, 0, ["a", "b"], 11)
    assert ledger.call(missing, "s", second.scan_id, 10, 12) == ["z"]
    ledger.call(scans.finish, second.scan_id, "complete", 13)
    third = scan(ledger, 20)
    ledger.call(sight, "s", third.scan_id, 0, ["a"], 21)
    assert ledger.call(missing, "s", third.scan_id, 20, 22) == ["b"]
    assert scan(ledger, 23, "other").resumed is False  # the third was not loaded
    assert {(row[1], row[5]) for row in rows(ledger, sightings)} == {("a", None), ("b", None), ("z", 12)}


def test_a_scan_that_is_over_and_not_loaded_yet_is_neither_gone_on_with_nor_given_up(ledger: Ledger) -> None:
    ended = scan(ledger, 5)
    second = scan(ledger, 10, besides=ended.scan_id)
    assert (second.resumed, second.scan_id) == (False, ended.scan_id + 1)
    assert [row[5] for row in rows(ledger, schema.scans)] == [None, None]
    again = scan(ledger, 11)  # of two that a run has left the later is gone on with
    assert (again.resumed, again.scan_id) == (True, second.scan_id)
    assert [row[5] for row in rows(ledger, schema.scans)] == ["interrupted", None]


def test_texts_of_any_kind_are_kept_as_they_are(ledger: Ledger) -> None:
    odd = ['"', "\\", "a\tb\n", "\x01", "é", "😀", "'", "%", "{}", "null", "1e3", ""]
    own, profiles = [True] * len(odd), [f"p{text}" for text in odd]
    for now in (5, 6):
        assert ledger.call(recognize, VENDOR, odd, own, profiles, implied) == odd
        assert ledger.call(remember, odd, odd, odd, now) == [5] * len(odd)
        told = ledger.call(sight, "s", 1, now, odd, now)
        assert told == [None if now == 5 else 5] * len(odd)
    assert {row[0] for row in rows(ledger, people)} == set(odd)
    assert {row[1] for row in rows(ledger, sightings)} == set(odd)
    assert {(row[1], row[2]) for row in rows(ledger, aliases)} == set(zip(profiles, odd, strict=True))


class TestDeliveries:
    def test_what_is_delivered_is_known_of_that_table_and_sink_in_the_latest_version(self, ledger: Ledger) -> None:
        many = [f"{number}" for number in range(4500)]
        ledger.call(deliver, "sink", [Deliveries("people", many, [f"h{key}" for key in many])], "1")
        odd = ['"', "\\", "a\tb", "é😀", "", "7"]
        rows = [Deliveries("people", odd, odd), Deliveries("organizations", ["7"], ["x"])]
        ledger.call(deliver, "sink", rows, "2")
        with ledger.read() as connection:
            has = known_hashes(connection, "sink", "people", [*many, *odd, "nobody"])
            assert known_hashes(connection, "sink", "organizations", ["7", "8"]) == {"7": "x"}
            assert known_hashes(connection, "other", "people", many) == {}
            assert last_load(connection, "sink") == "2"
        assert has == {key: f"h{key}" for key in many} | {key: key for key in odd}
        assert ledger.call(forget_loads, "sink", ["1"]) == len(odd) + 1

    def test_what_is_announced_is_known_in_no_version_and_changes_none(self, ledger: Ledger) -> None:
        ledger.call(deliver, "sink", [Deliveries("calls", ["a"], ["1"])], "1")
        ledger.call(announce, "sink", Deliveries("calls", ["a", "b"], ["2", "2"]))
        assert ledger.call(known_hashes, "sink", "calls", ["a", "b"]) == {"a": "1", "b": ""}

    @given(sizes=st.lists(st.integers(0, 7), max_size=6), most=st.integers(1, 5))
    def test_parts_hold_every_row_once_in_order_and_no_more_than_the_most(self, sizes: list[int], most: int) -> None:
        whole = [Deliveries(f"t{n}", [f"k{n}.{m}" for m in range(size)], ["h"] * size) for n, size in enumerate(sizes)]
        found = list(parts(whole, most))
        assert all(sum(map(len, part)) <= most for part in found)
        assert all(sum(map(len, part)) == most for part in found[:-1])
        assert len(found) >= 1
        told = [(rows.table, key) for part in found for rows in part for key in rows.keys]
        assert told == [(rows.table, key) for rows in whole for key in rows.keys]


class TestTroubles:
    def test_a_full_disk_is_explained_and_undoes_all(self, ledger: Ledger) -> None:
        def narrow(connection: sa.Connection) -> None:
            pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        ledger.call(narrow)
        many = [f"person {number}" for number in range(2000)]
        with pytest.raises(LedgerError, match=r"full.*Free some disk"):
            ledger.call(remember, many, ["{}"] * 2000, [JOB] * 2000, 5)
        with pytest.raises(LedgerError, match=r"full.*Free some disk"):
            ledger.call(sight, "s", 1, 0, many, 5)
        assert rows(ledger, people) == []

    def test_a_damaged_table_is_explained_without_anybodys_name(self, ledger: Ledger) -> None:
        ledger.call(lambda connection: connection.exec_driver_sql("DROP TABLE sightings") and None)
        with pytest.raises(LedgerError, match="no such table") as caught:
            ledger.call(sight, "s", 1, 0, ["somebody"], 5)
        assert "somebody" not in str(caught.value)

    def test_a_file_that_another_process_holds_is_explained(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("enrichment.storage.sqlite.BUSY", 0.1)
        with (
            new_ledger(tmp_path) as ledger,
            closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other,
        ):
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerError, match="Another process holds it"):
                ledger.call(sight, "s", 1, 0, ["a"], 5)
            other.execute("ROLLBACK")
            assert ledger.call(sight, "s", 1, 0, ["a"], 5) == [None]
