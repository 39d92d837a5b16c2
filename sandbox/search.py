"""The people search: one page of everybody who passes the filters, and what it costs (search page).

The people found by a set of filters are kept, so that a further page of the same search costs no search.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from sandbox.behaviour import Behaviour, Switchboard
from sandbox.bodies import Refused
from sandbox.books import Books
from sandbox.credits import CREDIT, Account
from sandbox.filters import Filters, Query, read_query
from sandbox.matching import matching_people
from sandbox.population import Population
from sandbox.records import LocationForm, RecordEncoder, UnicodeForm
from sandbox.wire import Answer, Reply, error_answer

_NO_RESULTS: Final = "No Results found, may be you can tweak the filters."
_MOST_KEPT: Final = 20_000_000
"""Positions of people kept in all, four bytes each."""


class Search:
    """The search endpoint over one population. ``viewed`` holds the positions of people already viewed."""

    def __init__(
        self, population: Population, account: Account, books: Books, viewed: set[int], switchboard: Switchboard
    ) -> None:
        self._population = population
        self._account = account
        self._books = books
        self._viewed = viewed
        self._switchboard = switchboard
        self._encoders: dict[tuple[LocationForm, UnicodeForm], RecordEncoder] = {}
        self._found: OrderedDict[Filters, Sequence[int]] = OrderedDict()
        self._kept = 0
        self._unviewed: dict[Filters, tuple[int, Sequence[int]]] = {}

    def answer(self, raw: bytes) -> Reply:
        """Answer a search call. Raises Refused."""
        query = read_query(raw)
        people = self._without_viewed(query.filters) if query.exclude_viewed else self._people(query.filters)
        start = (query.page - 1) * query.per_page
        page = people[start : start + query.per_page]
        behaviour = self._switchboard.behaviour
        acted = self._charge(page, behaviour)
        window = query.filters, query.exclude_viewed
        self._books.searched(window, len(page), past_end=query.page > 1 and not page)
        if not page and behaviour.empty_search == "404":
            # An answer and no refusal: where each request is charged, so is this one.
            return Reply(error_answer(404, _NO_RESULTS, behaviour.error_body), acted)
        if behaviour.search_marks_viewed:
            self._viewed.update(page)
        return Reply(self._write(query, page, len(people), behaviour), acted)

    def _people(self, filters: Filters) -> Sequence[int]:
        people = self._found.get(filters)
        if people is None:
            people = matching_people(self._population, filters)
            self._found[filters] = people
            self._kept += len(people)
            while self._kept > _MOST_KEPT and len(self._found) > 1:
                self._kept -= len(self._found.popitem(last=False)[1])
        self._found.move_to_end(filters)
        return people

    def _without_viewed(self, filters: Filters) -> Sequence[int]:
        """Everybody but those viewed up to now; ``viewed`` only grows, so that its size tells what is out of date."""
        size, people = self._unviewed.get(filters, (-1, ()))
        if size != len(self._viewed):
            people = [index for index in self._people(filters) if index not in self._viewed]
            self._unviewed = {filters: (len(self._viewed), people)}
        return people

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


def _pagination(query: Query, total: int) -> bytes:
    """Told of two sibling endpoints at second hand, with these candidates for names."""
    return b'"pagination":{"page":%d,"per_page":%d,"total_entries":%d},' % (query.page, query.per_page, total)
