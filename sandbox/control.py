"""The control endpoints under ``/_sandbox/``: the books, the hidden truth, resets and switches. They need no key.

GET  /_sandbox/health                 {"status": "ok", "people", "seed", "plan"}
GET  /_sandbox/books[?summary=1]      totals, and unless summary=1 every entry; with vendor=sixtyfour that one's own
GET  /_sandbox/people?offset=&limit=  who there is, and what can be found out about them, at Sixtyfour too
GET  /_sandbox/searches               {"calls", "windows"}: for each set of filters calls, past_end, page_100, people,
                                      again (calls for a page asked for before)
GET  /_sandbox/busiest?seconds=       {"calls"}: the most requests of any kind that arrived within a time shorter
                                      than that; with vendor=sixtyfour that one's own
GET  /_sandbox/behaviour              every switch with its value
POST /_sandbox/behaviour  {switch: value, ...}                          change some switches
POST /_sandbox/present    {filters of a search}   who passes them: {"now", "throughout", "added", "removed"}, the
                                      identifiers of who is there, was there all the time, came, is gone
POST /_sandbox/reset      {people, seed, plan, behaviour, credits, cents, kind, top_share, unknown_share}
                                      start anew; what is left out is as at the start; the last three say how
                                      people are spread: "usual", "skewed" or "flat", and the two shares of "skewed"
POST /_sandbox/charges    {kind, amount}                                book a charge that came from elsewhere; with
                                      kind "cents" at Sixtyfour, in 1/100 cent
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final, get_args
from urllib.parse import parse_qs

import orjson

from sandbox.behaviour_json import change_behaviour, write_behaviour
from sandbox.bodies import Refused
from sandbox.books import Books, ChargeKind
from sandbox.credits import PLANS
from sandbox.filters import read_filters
from sandbox.sixtyfour.books import Books as SixtyfourBooks
from sandbox.truths import known_of, sixtyfour_known
from sandbox.wire import Answer, Scope, json_answer
from sandbox.world import Start, Vendor, World

PREFIX: Final = "/_sandbox/"
_ACTIONS: Final = {
    "GET": ("health", "books", "people", "searches", "busiest", "behaviour"),
    "POST": ("behaviour", "present", "reset", "charges"),
}
_START: Final = ("people", "seed", "plan", "behaviour", "credits", "cents", "kind", "top_share", "unknown_share")
_CHARGE_KINDS: Final[tuple[ChargeKind, ...]] = get_args(ChargeKind)


async def control(vendor: Vendor, scope: Scope, raw: bytes) -> Answer:
    """Answer one control request; 400 with the reason for what it cannot do."""
    query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode()).items()}
    method, action = scope["method"], scope["path"].removeprefix(PREFIX)
    if action not in _ACTIONS.get(method, ()):
        return json_answer({"error": f"there is no {method} {PREFIX}{action}"}, 404)
    try:
        if method == "GET":
            return json_answer(_show(vendor, action, query))
        body = orjson.loads(raw or b"{}")
        if not isinstance(body, dict):
            raise ValueError("the body must be a JSON object")
        return json_answer(await _do(vendor, action, body))
    except ValueError as error:
        return json_answer({"error": str(error)}, 400)


def _show(vendor: Vendor, what: str, query: Mapping[str, str]) -> object:
    world = vendor.world
    match what:
        case "health":
            start = world.start
            return {"status": "ok", "people": start.people, "seed": start.seed, "plan": start.plan}
        case "books":
            books = _books(world, query.get("vendor", "clodura"))
            totals: dict[str, object] = {"totals": books.totals()}
            return totals if query.get("summary", "0") != "0" else totals | books.lists()
        case "people":
            offset, limit = int(query.get("offset", 0)), int(query.get("limit", 1000))
            if offset < 0 or limit < 0:
                raise ValueError("offset and limit cannot be negative")
            indices = range(world.population.size)[offset : offset + limit]
            return {
                "total": world.population.size,
                "people": [
                    {
                        **known_of(world.directory, index),
                        "sixtyfour": sixtyfour_known(world.sixtyfour.search.known(index)),
                    }
                    for index in indices
                ],
            }
        case "searches":
            windows = [
                {"filters": filters.as_json(), "exclude_viewed": unviewed, **asdict(entry)}
                for (filters, unviewed), entry in world.books.windows.items()
            ]
            return {"calls": sum(entry.calls for entry in world.books.windows.values()), "windows": windows}
        case "busiest":
            books = _books(world, query.get("vendor", "clodura"))
            return {"calls": books.busiest(float(query.get("seconds", 1)))}
        case _:
            return write_behaviour(world.behaviour)


def _books(world: World, vendor: str) -> Books | SixtyfourBooks:
    if vendor not in {"clodura", "sixtyfour"}:
        raise ValueError(f"vendor must be clodura or sixtyfour, not {vendor!r}")
    return world.sixtyfour.books if vendor == "sixtyfour" else world.books


async def _do(vendor: Vendor, what: str, body: dict[str, Any]) -> object:
    world = vendor.world
    match what:
        case "behaviour":
            world.change(change_behaviour(world.behaviour, body))
            return write_behaviour(world.behaviour)
        case "present":
            try:
                return world.search.who(read_filters(body))
            except Refused as refusal:
                raise ValueError(refusal.message) from refusal
        case "reset":
            await vendor.restart(_read_start(vendor.start, body))
            return _show(vendor, "health", {})
        case _:
            if body.get("kind") == "cents" and type(body.get("amount")) is int:
                world.sixtyfour.books.charge_elsewhere(body["amount"])
                return {"totals": world.sixtyfour.books.totals()}
            kind = next((kind for kind in _CHARGE_KINDS if kind == body.get("kind")), None)
            amount = body.get("amount")
            if kind is None or type(amount) is not int:
                raise ValueError(f"kind must be one of {(*_CHARGE_KINDS, 'cents')}, amount an integer of 1/100")
            world.books.charge(kind, amount, "elsewhere")
            return {"totals": world.books.totals()}


def _read_start(start: Start, body: dict[str, Any]) -> Start:
    """``start`` with the changes of a reset."""
    values = {name: value for name, value in body.items() if value is not None}
    for name, value in values.items():
        if name in {"people", "seed"} and type(value) is not int:
            raise ValueError(f"{name} must be an integer")
        if name in {"credits", "cents", "top_share", "unknown_share"} and type(value) not in {int, float}:
            raise ValueError(f"{name} must be a number")
        if name == "plan" and value not in PLANS:
            raise ValueError(f"plan must be one of {PLANS}")
        if name not in _START:
            raise ValueError(f"a reset takes {', '.join(_START)}, not {name!r}")
    shape = {name: values.pop(name) for name in ("kind", "top_share", "unknown_share") if name in values}
    values["shape"] = replace(start.shape, **shape)
    if "behaviour" in values:
        values["behaviour"] = change_behaviour(start.behaviour, values["behaviour"])
    return replace(start, **values)
