"""Clodura as a dlt source: people and organizations found by searches.

    import dlt
    from sources.clodura import clodura

    pipeline = dlt.pipeline("leads", destination="duckdb", dataset_name="crm")
    pipeline.run(clodura(searches={"founders": {"seniority": ["Founder"], "person_country": ["India"]}}))

Resources: `people` (merged on ``person_id``) and `organizations` (merged on ``organization_id``), both Arrow tables of
an explicit schema, made of `records`, which is not loaded itself: ``source.records.add_limit(n)`` ends the searching
after n batches of one to two and a half thousand people (on the source or on `people`, dlt's limit has no effect). The
key comes from ``sources.clodura.api_key`` (secrets.toml or SOURCES__CLODURA__API_KEY).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dlt
from dlt.extract import DltResource

from sources.clodura.client import DEFAULT_BASE_URL, DEFAULT_RATE_LIMITS, make_transport
from sources.clodura.columns import People, read_people
from sources.clodura.filters import parse_filters
from sources.clodura.records import Record
from sources.clodura.stream import Batch, stream
from sources.clodura.tables import merge_organizations, organizations_table
from sources.clodura.windows import Coverage
from sources.errors import ConfigurationError
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
) -> tuple[DltResource, DltResource, DltResource]:
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

    @dlt.resource(name="records", selected=False)
    def records() -> Iterator[list[Record]]:
        def transport() -> Any:
            return make_transport(base_url, api_key, rate_limits=windows)

        for batch in stream(transport, checked, limit=limit):
            if batch.records and batch.people is not None:
                yield _Records(batch.records, batch.people)
            _tell(batch)

    @dlt.transformer(data_from=records, name="people", primary_key="person_id", write_disposition=MERGE)  # type: ignore[call-overload, untyped-decorator, unused-ignore]
    def people(items: list[Record]) -> Any:
        return _read(items).latest().table()

    @dlt.transformer(data_from=records, name="organizations", primary_key="organization_id", write_disposition=MERGE)  # type: ignore[call-overload, untyped-decorator, unused-ignore]
    def organizations(items: list[Record]) -> Any:
        return organizations_table(merge_organizations(_read(items).organizations()))

    return records, people, organizations


class _Records(list[Record]):
    """A batch as dlt hands it from one resource to the others, with what was read of it."""

    def __init__(self, records: Sequence[Record], people: People) -> None:
        super().__init__(records)
        self.people = people


def _read(records: list[Record]) -> People:
    """The people of a batch, or of any other list of records that is piped in."""
    return records.people if isinstance(records, _Records) else read_people(records)


def _tell(batch: Batch) -> None:
    report = batch.report
    if report is None or report.coverage in (Coverage.COMPLETE, Coverage.SPLIT):
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
