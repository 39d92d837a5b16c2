"""The contract of a provider: what the engine relies on, whichever vendor it is. A vendor's test is a subclass.

It says what its vendor would send (`Case`); the checks are here. They are pure but for the last ones, which speak to a
server on loopback.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, ClassVar, cast

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.clock import SYSTEM_CLOCK
from sources.connecting import Given
from sources.errors import KeyRefused, Unavailable, VendorError
from sources.providers import ANSWERS, CONTACTS, Ask, Basis, Channel, Charge, Outcome, Provider, Reading, Via
from sources.registry import connecting, settings_of
from sources.transport import Answered, Lost, NeverSent, PaidOutcome, PaidSlot
from tests.contracts.provider_case import Case, body, changed, plain, texts
from tests.integration.wire import Act, answer, reset, serving

__all__ = ["Case", "ProviderContract"]

KEY = "key-of-the-contract-42"
URL = "https://hooks.example.com/hooks/vendor/1/abc"


class _Counters:
    async def load(self, name: str, since: float) -> list[tuple[float, int]]:
        return []

    async def add(self, name: str, at: float, requests: int) -> None:
        return


class _Slot:
    """A right to send once that keeps what was sent, and loses the answer."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def send(self, method: str, path: str, *, json: object) -> PaidOutcome:
        assert not self.sent, "a paid request goes out once"
        self.sent.append(json)
        return Lost("reset")


class ProviderContract:
    """What any provider must keep."""

    #: its name in `sources.registry`
    vendor: ClassVar[str]
    #: the answer that proves host and key
    account: ClassVar[Any]
    cases: ClassVar[tuple[Case, ...]]
    #: settings that differ from the defaults
    options: ClassVar[Mapping[str, Any]] = {}

    @asynccontextmanager
    async def connected(self, url: str = "http://127.0.0.1:9") -> AsyncIterator[Provider]:
        """The provider, as a run connects it."""
        values = {"base_url": url, "api_key": KEY, "rate_limits": ["5000/second"], **self.options}
        chosen = settings_of(self.vendor).model_validate(values)
        given_ = Given(KEY, "account", _Counters(), SYSTEM_CLOCK, paid_concurrency=2, user_agent="leadsync")
        async with connecting(self.vendor).connect(chosen, given_) as provider:
            yield provider

    @property
    def provider(self) -> Provider:
        """One that is good for all that needs no wire."""

        async def made() -> Provider:
            async with self.connected() as provider:
                return provider

        return anyio.run(made)

    def asked(self, provider: Provider, case: Case) -> Ask:
        """How the case's person is asked for."""
        ask = provider.ask(case.channel, case.person)
        assert ask is not None
        return ask

    def read(self, provider: Provider, case: Case, body: bytes, via: Via, count: int = 1) -> Sequence[Reading]:
        """What a document says of so many calls for the case's person; what holds of any reading is checked."""
        ask = self.asked(provider, case)
        job = provider.tracking_id(body) if via is Via.SUBMIT else case.job
        readings = provider.read(ask.operation, body, [ask.parameters] * count, job, via)
        assert len(readings) == count
        for reading in readings:
            values = (*reading.emails, *reading.phones)
            assert not reading.foreign or (reading.outcome is None and not values)
            assert reading.outcome is not None or not reading.charges  # what is still open has cost nothing yet
            assert (reading.outcome is Outcome.FOUND) <= bool(values)
            assert not (values and reading.outcome is Outcome.NOT_FOUND)
            assert not (reading.emails if case.channel is Channel.PHONE else reading.phones)
            _sound(reading.charges)
        return readings

    def each(self) -> Iterator[tuple[Provider, Case]]:
        """Every case, with the provider."""
        provider = self.provider
        for case in self.cases:
            yield provider, case

    # What it is.

    def test_settings_connection_and_provider_agree(self) -> None:
        section, provider = settings_of(self.vendor), self.provider
        assert section.path == ("sources", self.vendor)
        assert (section.name, section.unit) == (provider.name, provider.unit)
        assert section.name == self.vendor
        assert re.fullmatch("[a-z]+(_[a-z]+)*", section.unit), "it is a part of names of settings and columns"
        assert "api_key" in section.secret
        assert KEY not in repr(section.model_validate({"api_key": KEY}))
        assert connecting(self.vendor).operations(section.model_validate(self.options)) == provider.operations
        assert all(operation.channel is channel for channel, operation in provider.operations.items())
        assert {case.channel for case in self.cases} == {c for c in provider.operations if c in CONTACTS}

    def test_what_a_call_may_cost_is_reserved(self) -> None:
        provider = self.provider
        for operation in provider.operations.values():
            assert operation.reserve > 0
            for outcome in Outcome:
                charges = provider.charges(operation.name, outcome)
                _sound(charges)
                assert _most(charges) <= operation.reserve
                assert not any(charge.basis is Basis.REPORTED for charge in charges)
            # nobody knows what was in it: it may have cost all that a call can cost
            assert _most(provider.charges(operation.name, Outcome.UNREADABLE)) == operation.reserve

    # Who is asked about.

    def test_a_person_is_asked_about_in_one_way(self) -> None:
        for provider, case in self.each():
            ask = self.asked(provider, case)
            assert ask == self.asked(self.provider, case)  # another run asks the same
            assert ask.operation == provider.operations[case.channel].name
            assert json.loads(json.dumps(ask.parameters)) == ask.parameters  # the ledger keeps it as JSON

    def test_nobody_is_asked_about_of_whom_too_little_is_known(self) -> None:
        for provider, case in self.each():
            assert case.too_little
            assert [provider.ask(case.channel, person) for person in case.too_little] == [None] * len(case.too_little)
            for channel in set(Channel) - set(provider.operations):
                assert provider.ask(channel, case.person) is None
        if Channel.VERIFICATION not in self.provider.operations:
            assert self.provider.ask_verification("name@example.com") is None

    # What is read.

    def test_an_end_is_read_as_what_it_is_at_a_price_within_what_was_reserved(self) -> None:
        for provider, case in self.each():
            reserve = provider.operations[case.channel].reserve
            for outcome, document in case.ends:
                for via in case.ways:
                    (reading,) = self.read(provider, case, body(document), via)
                    assert (reading.outcome, reading.foreign) == (outcome, False), document
                    assert reading.charges
                    assert _most(reading.charges) <= reserve
                    found = [*(e.address for e in reading.emails), *(p.number for p in reading.phones)]
                    assert found == ([case.value] if outcome is Outcome.FOUND else [])

    def test_what_is_unreadable_may_have_cost_something(self) -> None:
        for provider, case in self.each():
            for document in case.unreadable:
                for via in case.ways:
                    (reading,) = self.read(provider, case, body(document), via)
                    assert _most(reading.charges) > 0

    def test_what_is_under_way_is_no_end(self) -> None:
        for provider, case in self.each():
            assert provider.tracking_id(body(case.accepted)) == case.job
            for document in (case.accepted, *case.pending):
                for via in case.ways:
                    (reading,) = self.read(provider, case, body(document), via)
                    assert (reading.outcome, reading.foreign) == (None, False), document

    def test_what_is_about_another_is_told(self) -> None:
        for provider, case in self.each():
            for document in case.foreign:
                for via in set(case.ways) - {Via.SUBMIT}:  # a submit's answer is ours whatever it says
                    (reading,) = self.read(provider, case, body(document), via)
                    assert reading.foreign, document

    def test_half_a_document_answers_nothing(self) -> None:
        for provider, case in self.each():
            for document in (case.found[0], case.not_found[0]):
                whole = body(document)
                for length in range(len(whole)):
                    for via in Via:
                        (reading,) = self.read(provider, case, whole[:length], via)
                        assert reading.outcome not in ANSWERS

    def test_nothing_breaks_the_reader_and_nothing_is_invented(self) -> None:
        provider = self.provider
        told = st.sampled_from(self.cases).flatmap(lambda case: st.tuples(st.just(case), changed(case.documents)))

        @settings(max_examples=50, deadline=None)
        @given(told, st.sampled_from(Via), st.integers(1, 2))
        def check(told: tuple[Case, Any], via: Via, count: int) -> None:
            case, document = told
            there = [plain(text) for text in texts(document)]
            for reading in self.read(provider, case, body(document), via, count):
                for value in (*(e.address for e in reading.emails), *(p.number for p in reading.phones)):
                    assert any(plain(value) in text for text in there)

        check()

    def test_no_bytes_break_the_readers(self) -> None:
        provider = self.provider

        @settings(max_examples=50, deadline=None)
        @given(st.sampled_from(self.cases), st.binary(max_size=40), st.sampled_from(Via))
        def check(case: Case, body: bytes, via: Via) -> None:
            self.read(provider, case, body, via)
            assert provider.tracking_id(body) != ""
            places = provider.refused_asks(body, [{}] * 3)
            assert list(places) == sorted(set(places) & {0, 1, 2})

        check()

    # What is sent.

    def test_a_wrong_request_is_not_sent_and_shows_nobody(self) -> None:
        for provider, case in self.each():
            operation = self.asked(provider, case).operation
            for parameters in case.wrong:
                slot = _Slot()
                outcome = anyio.run(provider.submit, cast(PaidSlot, slot), operation, [parameters], URL)
                assert isinstance(outcome, NeverSent), parameters
                assert slot.sent == []
                told = [text for text in texts(list(parameters.values())) if len(text) > 3]
                assert [text for text in (*told, URL) if text in outcome.reason] == []

    def test_a_request_is_sent_once_and_a_lost_answer_stays_lost(self) -> None:
        for provider, case in self.each():
            ask = self.asked(provider, case)
            slot = _Slot()
            outcome = anyio.run(provider.submit, cast(PaidSlot, slot), ask.operation, [ask.parameters], URL)
            assert isinstance(outcome, Lost)
            assert len(slot.sent) == 1
            assert json.loads(json.dumps(slot.sent[0])) == slot.sent[0]

    def test_a_purchase_that_is_reset_is_one_request_on_the_wire(self) -> None:
        for case in self.cases:

            async def buy(provider: Provider, case: Case = case) -> PaidOutcome:
                ask = self.asked(provider, case)
                async with provider.slot(patience=None) as slot:
                    return await provider.submit(slot, ask.operation, [ask.parameters], URL)

            outcome, requests = self.on_the_wire(buy, reset)
            assert isinstance(outcome, Lost)
            assert requests == 1

    def test_a_vendor_that_repeats_the_key_does_not_make_us_keep_it(self) -> None:
        async def buy(provider: Provider) -> PaidOutcome:
            ask = self.asked(provider, self.cases[0])
            async with provider.slot(patience=None) as slot:
                return await provider.submit(slot, ask.operation, [ask.parameters], URL)

        outcome, _ = self.on_the_wire(buy, answer(403, json.dumps({"error": f"no such key: {KEY}"}).encode()))
        assert isinstance(outcome, Answered)
        assert KEY.encode() not in outcome.answer.body
        assert outcome.answer.body

    @pytest.mark.parametrize("status", [408, 429, 500])
    def test_a_poll_asks_once(self, status: int) -> None:
        for case in self.cases:

            async def poll(provider: Provider, case: Case = case) -> None:
                with pytest.raises(Unavailable):
                    await provider.poll(self.asked(provider, case).operation, case.job)

            _, requests = self.on_the_wire(poll, answer(status))
            assert requests == 1

    def test_host_and_key_are_proven_by_what_only_the_right_ones_answer(self) -> None:
        async def prove(provider: Provider) -> bool:
            assert not provider.proven
            await provider.prove()
            await provider.prove()  # once is enough
            return provider.proven

        assert self.on_the_wire(prove, answer(200, body(self.account))) == (True, 1)
        for said, error in (
            (answer(401), KeyRefused),
            (answer(200, b"<html>Welcome</html>"), VendorError),
            (answer(200, b"[]"), VendorError),
            (answer(404, b"Not Found"), VendorError),
        ):

            async def refused(provider: Provider, error: type[VendorError] = error) -> None:
                with pytest.raises(error):
                    await provider.prove()
                assert not provider.proven

            self.on_the_wire(refused, said)

    def on_the_wire(self, act: Callable[[Provider], Any], said: Act) -> tuple[Any, int]:
        """What comes of it at a server that says this, and how many requests that took."""

        async def acted(url: str) -> Any:
            async with self.connected(url) as provider:
                return await act(provider)

        with serving(said) as server:
            return anyio.run(partial(acted, server.url)), len(server.requests)


def _sound(charges: Sequence[Charge]) -> None:
    assert all(0 <= charge.amount_min <= charge.amount_max < 2**62 for charge in charges)


def _most(charges: Sequence[Charge]) -> int:
    return sum(charge.amount_max for charge in charges)
