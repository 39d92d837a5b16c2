"""Who somebody is: one key for one person, whatever they are named by, and never one key for two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrichment.ledger import Ledger
from enrichment.ledger.aliases import Named, identify, same_as
from enrichment.ledger.schema import aliases
from enrichment.ledger.seen import remember_people
from enrichment.ledger.standings import known_of
from pipelines.leads.people import implied
from sources.providers import Channel, Person
from tests.support.ledgers import new_ledger
from tests.support.purchases import plan


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as ledger:
        yield ledger


def named(*identifiers: str) -> Named:
    """Somebody named by ``kind=value``, the surest first; the key is the first of them."""
    pairs = tuple((kind, value) for kind, _, value in (one.partition("=") for one in identifiers))
    kind, value = pairs[0]
    return Named(value if kind == "clodura" else f"{kind}:{value}", pairs)


def known(ledger: Ledger, *people: Named) -> list[str]:
    return ledger.call(identify, people, implied)


def test_by_profile_first_and_by_id_later(ledger: Ledger) -> None:
    assert known(ledger, named("linkedin=ada")) == ["linkedin:ada"]
    assert known(ledger, named("clodura=7", "linkedin=ada")) == ["linkedin:ada"]
    assert known(ledger, named("clodura=7")) == ["linkedin:ada"]


def test_by_id_first_and_by_profile_later(ledger: Ledger) -> None:
    assert known(ledger, named("clodura=7", "linkedin=ada")) == ["7"]
    assert known(ledger, named("linkedin=ada")) == ["7"]
    assert known(ledger, named("linkedin=ada", "name_domain=ada|x.io")) == ["7"]
    assert known(ledger, named("name_domain=ada|x.io")) == ["7"]


def test_two_ids_with_one_profile_are_two_people(ledger: Ledger) -> None:
    assert known(ledger, named("clodura=7", "linkedin=ada"), named("clodura=8", "linkedin=ada")) == ["7", "8"]
    assert known(ledger, named("clodura=8", "linkedin=ada")) == ["8"]


def test_two_profiles_of_one_name_are_two_people(ledger: Ledger) -> None:
    first, second = named("linkedin=ada", "name_domain=ada|x.io"), named("linkedin=ada2", "name_domain=ada|x.io")
    assert known(ledger, first, second) == ["linkedin:ada", "linkedin:ada2"]
    assert known(ledger, second) == ["linkedin:ada2"]
    assert known(ledger, named("name_domain=ada|x.io")) == ["linkedin:ada"]


def test_whom_a_search_has_shown_under_an_id_keeps_it_and_what_another_key_has_bought_is_hers(ledger: Ledger) -> None:
    """Shown without a profile, then named by it in a list, then shown with both: one person, met under two keys."""
    ledger.call(remember_people, [Person("7")], 1)
    assert known(ledger, named("clodura=7")) == ["7"]
    assert known(ledger, named("linkedin=ada")) == ["linkedin:ada"]
    assert known(ledger, named("clodura=7", "linkedin=ada")) == ["7"]
    assert known(ledger, named("linkedin=ada")) == ["7"]
    assert ledger.call(same_as, ["7"]) == {"linkedin:ada": "7"}
    plan(ledger, "linkedin:ada")
    with ledger.read() as connection:
        (of,) = known_of(connection, ["7"], [Channel.EMAIL]).values()
    assert of.asked == {"vendor"}


def test_within_one_batch_as_in_two(ledger: Ledger) -> None:
    people = [named("linkedin=ada"), named("clodura=7", "linkedin=ada"), named("clodura=7")]
    assert known(ledger, *people) == ["linkedin:ada"] * 3


def test_a_vendors_own_id_is_not_noted(ledger: Ledger) -> None:
    known(ledger, named("clodura=7"))
    with ledger.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(aliases)).scalar_one() == 0


IDS = st.sampled_from(["clodura=1", "clodura=2"])
PROFILES = st.sampled_from(["linkedin=a", "linkedin=b"])
NAMES = st.sampled_from(["name_domain=n|x.io", "name_domain=m|x.io"])
PEOPLE = st.lists(
    st.tuples(st.none() | IDS, st.none() | PROFILES, st.none() | NAMES)
    .filter(any)
    .map(lambda parts: named(*[part for part in parts if part])),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE, cut=st.integers(0, 8))
def test_nobody_gets_the_key_of_somebody_with_another_id_and_batches_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, people: list[Named], cut: int
) -> None:
    with new_ledger(tmp_path_factory.mktemp("a")) as one:
        together = known(one, *people)
        again = known(one, *people)
    with new_ledger(tmp_path_factory.mktemp("b")) as two:
        apart = [key for part in (people[:cut], people[cut:]) if part for key in known(two, *part)]
    assert together == apart
    assert again == together or len(set(together)) > 1  # who was two people may be told to be one, never the reverse
    vendor: dict[str, set[str]] = {}
    for person, key in zip(people, together, strict=True):
        vendor.setdefault(key, set()).update(value for kind, value in person.identifiers if kind == "clodura")
    assert all(len(ids) <= 1 for ids in vendor.values())
