"""The people search: one page of everybody who passes the filters, and what it costs (search page).

The people found by a set of filters are kept, so that a further page of the same search costs no search.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from sandbox.behaviour import Behaviour, Switchboard
from sandbox.bits import Numbers
from sandbox.bodies import Refused
from sandbox.books import Books
from sandbox.credits import CREDIT, Account
from sandbox.filters import Filters, Query, read_query
from sandbox.matching import Exclusion, matching_ranks
from sandbox.population import Population
from sandbox.records import LocationForm, RecordEncoder, UnicodeForm
from sandbox.roster import Roster
from sandbox.shifts import moved
from sandbox.wire import Answer, Reply, error_answer

_NO_RESULTS: Final = "No Results found, may be you can tweak the filters."
_MOST_KEPT: Final = 128_000_000
"""Bytes of found people kept in all."""
_Search = tuple[Filters, Exclusion]


class Search:
    """The search endpoint over one population. ``viewed`` holds the positions of people already viewed."""

    def __init__(
        self, population: Population, account: Account, books: Books, viewed: set[int], switchboard: Switchboard
    ) -> None:
        self._everybody = population
        self._account = account
        self._books = books
        self._viewed = viewed
        self._switchboard = switchboard
        self._encoders: dict[tuple[LocationForm, UnicodeForm], RecordEncoder] = {}
        self._unviewed: dict[_Search, tuple[int, Numbers]] = {}
        self.start_anew()

    def start_anew(self) -> None:
        """Everybody is there as the switches say, and calls are counted from zero. ValueError if they cannot be."""
        behaviour = self._switchboard.behaviour
        self._population = moved(self._everybody, behaviour.new_jobs)
        self._encoders.clear()
        self.roster = Roster(self._population, behaviour.search_order, behaviour.search_shifts)
        self._forget()

    def _forget(self) -> None:
        self._found: OrderedDict[_Search, Numbers] = OrderedDict()
        self._kept = 0
        self._unviewed.clear()

    def answer(self, raw: bytes) -> Reply:
        """Answer a search call. Raises Refused."""
        behaviour = self._switchboard.behaviour
        query = read_query(raw, behaviour.most_filter_values)
        search = query.filters, _exclusion(behaviour)
        people = self._without_viewed(search) if query.exclude_viewed else self._people(search)
        start = (query.page - 1) * query.per_page
        order = self.roster.columns.order
        page = [order[rank] for rank in people.slice(start, start + query.per_page)]
        acted = self._charge(page, behaviour)
        window = query.filters, query.exclude_viewed
        self._books.searched(window, len(page), page=query.page)
        if self.roster.answered():
            self._forget()
        if not page and behaviour.empty_search == "404":
            # An answer and no refusal: where each request is charged, so is this one.
            return Reply(error_answer(404, _NO_RESULTS, behaviour.error_body), acted)
        if behaviour.search_marks_viewed:
            self._viewed.update(page)
        return Reply(self._write(query, page, len(people), behaviour), acted)

    def _people(self, search: _Search) -> Numbers:
        people = self._found.get(search)
        if people is None:
            people = self._found[search] = self._numbers(self._ranks(search))
            self._kept += people.weight
            while self._kept > _MOST_KEPT and len(self._found) > 1:
                self._kept -= self._found.popitem(last=False)[1].weight
        self._found.move_to_end(search)
        return people

    def _without_viewed(self, search: _Search) -> Numbers:
        """Everybody but those viewed up to now; ``viewed`` only grows, so that its size tells what is out of date."""
        size, people = self._unviewed.get(search, (-1, None))
        if people is None or size != len(self._viewed):
            people = self._numbers(self._ranks(search) & ~self.roster.columns.ranks_of(self._viewed))
            self._unviewed = {search: (len(self._viewed), people)}
        return people

    def _ranks(self, search: _Search) -> int:
        return matching_ranks(self.roster.columns, *search) & self.roster.present

    def _numbers(self, ranks: int) -> Numbers:
        return Numbers(ranks, self._population.size)

    def who(self, filters: Filters) -> dict[str, list[str]]:
        """Identifiers, in the order of a search, of those who pass: there now, there throughout, came, gone."""
        roster = self.roster
        passing = matching_ranks(roster.columns, filters, _exclusion(self._switchboard.behaviour))
        groups = {
            "now": roster.present,
            "throughout": roster.throughout,
            "added": roster.columns.ranks_of(roster.added),
            "removed": roster.columns.ranks_of(roster.removed),
        }
        return {name: self._identifiers(passing & ranks) for name, ranks in groups.items()}

    def _identifiers(self, ranks: int) -> list[str]:
        encode, order = self._population.code.encode, self.roster.columns.order
        return [encode(order[rank]) for rank in self._numbers(ranks).slice(0, self._population.size)]

    def _charge(self, page: Sequence[int], behaviour: Behaviour) -> bool:
        """Book what the page costs: whether it cost anything. Raises Refused with 402 where too little is left."""
        match behaviour.search_charge:
            case "every":
                amount = CREDIT * len(page)
            case "viewed":
                amount = CREDIT * sum(map(self._viewed.__contains__, page))
            case "request":
                amount = CREDIT
            case _:
                amount = 0
        if amount and self._account.exhausted("search", amount):
            raise Refused(402, "Payment required: credits exhausted")
        if amount:
            self._books.charge(self._account.kind, amount, "search")
        return amount > 0

    def _write(self, query: Query, page: Sequence[int], total: int, behaviour: Behaviour) -> Answer:
        tail = b',"page":%d,"perPage":%d}' % (query.page, query.per_page) if behaviour.page_in_records else b"}"
        body = b"[%s]" % (self._encoder(behaviour).page(page, tail) if page else b"")
        if behaviour.search_envelope != "bare":
            body = b'{%s"%s":%s}' % (
                _pagination(query, total) if behaviour.search_pagination else b"",
                behaviour.search_envelope.encode(),
                body,
            )
        return Answer(200, body)

    def _encoder(self, behaviour: Behaviour) -> RecordEncoder:
        form = behaviour.location_form, behaviour.unicode_form
        if form not in self._encoders:
            self._encoders = {form: RecordEncoder(self._population, *form)}
        return self._encoders[form]


def _exclusion(behaviour: Behaviour) -> Exclusion:
    return Exclusion(behaviour.location_exclusion, behaviour.location_unknown_passes)


def _pagination(query: Query, total: int) -> bytes:
    """Told of two sibling endpoints at second hand, with these candidates for names."""
    return b'"pagination":{"page":%d,"per_page":%d,"total_entries":%d},' % (query.page, query.per_page, total)
