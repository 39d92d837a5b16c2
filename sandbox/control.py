"""The control endpoints under ``/_sandbox/``: the books, the hidden truth, resets and switches. They need no key.

GET  /_sandbox/health                 {"status": "ok", "people", "seed", "plan"}
GET  /_sandbox/books[?summary=1]      totals, and unless summary=1 every entry; with vendor=sixtyfour that one's own
GET  /_sandbox/people?offset=&limit=  who there is, and what can be found out about them, at Sixtyfour too
GET  /_sandbox/behaviour              every switch with its value
POST /_sandbox/behaviour  {switch: value, ...}                          change some switches
POST /_sandbox/reset      {people, seed, plan, behaviour, credits, cents}
                                      start anew; what is left out is as at the start
POST /_sandbox/charges    {kind, amount}                                book a charge that came from elsewhere; with
                                      kind "cents" at Sixtyfour, in 1/100 cent
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, get_args
from urllib.parse import parse_qs

import orjson

from sandbox.behaviour_json import change_behaviour, write_behaviour
from sandbox.books import Books, ChargeKind
from sandbox.credits import PLANS
from sandbox.sixtyfour.books import Books as SixtyfourBooks
from sandbox.truths import known_of, sixtyfour_known
from sandbox.wire import Answer, Scope, json_answer
from sandbox.world import Start, Vendor, World

PREFIX: Final = "/_sandbox/"
_ACTIONS: Final = {"GET": ("health", "books", "people", "behaviour"), "POST": ("behaviour", "reset", "charges")}
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
        if name in {"credits", "cents"} and type(value) not in {int, float}:
            raise ValueError(f"{name} must be a number")
        if name == "plan" and value not in PLANS:
            raise ValueError(f"plan must be one of {PLANS}")
        if name not in {"people", "seed", "plan", "behaviour", "credits", "cents"}:
            raise ValueError(f"a reset takes people, seed, plan, behaviour, credits and cents, not {name!r}")
    if "behaviour" in values:
        values["behaviour"] = change_behaviour(start.behaviour, values["behaviour"])
    return replace(start, **values)
