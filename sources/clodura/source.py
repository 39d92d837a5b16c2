"""Clodura as a dlt source: people and organizations found by searches.

    import dlt
    from sources.clodura import clodura

    pipeline = dlt.pipeline("leads", destination="duckdb", dataset_name="crm")
    pipeline.run(clodura(searches={"founders": {"seniority": ["Founder"], "person_country": ["India"]}}))

Resources: `people` (merged on ``person_id``) and `organizations` (merged on ``organization_id``), both Arrow tables of
an explicit schema. They are made of `pages`, which is not loaded itself: ``source.pages.add_limit(n)`` ends the
searching after n batches of one to two and a half thousand people (on the source or on `people`, dlt's limit has no
effect). `records`, not loaded either, holds what the vendor said, for transformers of one's own:
``source.records | mine``. The key comes from ``sources.clodura.api_key`` (secrets.toml or SOURCES__CLODURA__API_KEY).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import dlt
from dlt.extract import DltResource

from sources.clodura.client import DEFAULT_BASE_URL, DEFAULT_RATE_LIMITS, make_transport
from sources.clodura.columns import Employer, People, organization, read_people
from sources.clodura.filters import parse_filters
from sources.clodura.records import Record
from sources.clodura.stream import Batch, stream
from sources.clodura.tables import organizations_table
from sources.clodura.windows import Coverage
from sources.errors import ConfigurationError
from sources.garbage import seldom_collected
from sources.limits import Window
from sources.transport import check_base_url, check_header_value

log = logging.getLogger("leadsync.clodura")

MERGE = {"disposition": "merge", "strategy": "delete-insert"}


@dlt.source(name="clodura", section="clodura")
def clodura(
    searches: Mapping[str, Mapping[str, Any]] = dlt.config.value,
    api_key: str = dlt.secrets.value,
    base_url: str = DEFAULT_BASE_URL,
    rate_limits: list[str] | None = None,
    limit: int | None = None,
) -> tuple[DltResource, DltResource, DltResource, DltResource]:
    """People and their employers, found by searches.

    Args:
        searches: filters in snake_case by the search's name, as under ``[sources.clodura.searches.NAME]``. An unknown
            filter or a wrong value raises `ConfigurationError` before anything is sent.
        api_key: the API key.
        base_url: ``https://api.clodura.ai``, or ``https://app.clodura.ai`` where the account lives there.
        rate_limits: windows such as ``"10/second"`` that are never exceeded; by default 10 a second, 100 a minute,
            2,000 a day. They count within this run only; `leadsync sync` counts them across runs, in its ledger.
        limit: at most so many people a search; all by default.

    Searching may be charged: one export credit for each person viewed before (the vendor's search page). A search
    shows 10,000 people at most; one that holds more is split by its filters until every part fits, and what cannot be
    split is logged as truncated.
    """
    check_base_url(base_url)
    check_header_value(api_key, "sources.clodura.api_key")
    windows = tuple(rate_limits or DEFAULT_RATE_LIMITS)
    for window in windows:
        Window.parse(window)
    if limit is not None and limit < 0:
        raise ConfigurationError(f"sources.clodura.limit: {limit} is not a number of people; leave it out for all.")
    checked = {name: parse_filters(name, filters) for name, filters in searches.items()}
    for name, filters in checked.items():
        for warning in filters.warnings():
            log.warning("search %s: %s", name, warning)

    @dlt.resource(name="pages", selected=False)
    def pages() -> Iterator[Pages]:
        def transport() -> Any:
            return make_transport(base_url, api_key, rate_limits=windows)

        heard = Employers()
        with seldom_collected(freezing=False):
            for batch in stream(transport, checked, limit=limit):
                if batch.people:
                    yield Pages(batch, heard)
                _tell(batch)

    @dlt.transformer(data_from=pages, name="records", selected=False)  # type: ignore[call-overload, untyped-decorator, unused-ignore]
    def records(pages: Pages) -> list[Record]:
        return pages.batch.records()

    @dlt.transformer(data_from=pages, name="people", primary_key="person_id", write_disposition=MERGE)  # type: ignore[call-overload, untyped-decorator, unused-ignore]
    def people(pages: Pages | list[Record]) -> Any:
        return _people(pages).latest().table()

    @dlt.transformer(data_from=pages, name="organizations", primary_key="organization_id", write_disposition=MERGE)  # type: ignore[call-overload, untyped-decorator, unused-ignore]
    def organizations(pages: Pages | list[Record]) -> Any:
        heard = pages.heard if isinstance(pages, Pages) else Employers()
        return organizations_table(list(map(organization, heard.take_in(_people(pages).employers()))))

    return pages, records, people, organizations


@dataclass(frozen=True)
class Pages:
    """A batch, and what was heard of employers before it."""

    batch: Batch = field(repr=False)
    heard: Employers = field(repr=False)


def _people(pages: Pages | list[Record]) -> People:
    """The people of a batch, or of any list of records that is piped in."""
    return pages.batch.people if isinstance(pages, Pages) else read_people(pages)


class Employers:
    """What a run has handed on of employers: a thousand people have a hundred, and say the same of each.

    Of two rows of one employer in one load dlt keeps one, any: what a later record adds is not sure to get there.
    """

    def __init__(self) -> None:
        self._known: dict[str, Employer] = {}

    def take_in(self, said: Iterable[Employer]) -> list[Employer]:
        """Those of whom something new was said, with all that was: the first value of each field stands."""
        new: dict[str, Employer] = {}
        for employer in said:
            key = str(employer[0])
            known = self._known.get(key)
            if known is None:
                whole = employer
            elif known == employer:
                continue
            else:
                name, domains, size, country = (a or b for a, b in zip(known[1:], employer[1:], strict=True))
                whole = (key, name, domains, size, country)  # type: ignore[assignment]
            if whole != known:
                new[key] = self._known[key] = whole
        return list(new.values())


def _tell(batch: Batch) -> None:
    report = batch.report
    if report is None or report.coverage in (Coverage.COMPLETE, Coverage.SPLIT, Coverage.LIMITED):
        return
    if report.coverage is Coverage.TRUNCATED:
        log.warning(
            "search %s is truncated: it holds people that no page shows, in %d windows that cannot be split further. "
            "Narrow it with more filters.",
            batch.search,
            len(report.truncated),
        )
    else:
        log.warning("search %s was not read whole: %s", batch.search, report.coverage)
