"""Writes findings as the results that callers see, of a lead, a bulk call, a job, in the form of the switches.

Shapes: find-email page, section Response format, and the examples of the vendor's skills; the bulk ones are nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sandbox.population import Person
from sandbox.sixtyfour.findings import Address, EmailType, Finding
from sandbox.sixtyfour.searching import drawn
from sandbox.sixtyfour.switches import SixtyfourSwitches
from sandbox.sixtyfour.truths import KnownNumber
from sandbox.sixtyfour.values import CENT, CREDIT
from sandbox.sixtyfour.wanted import CostUnits

_ECHOED: Final = ("name", "company", "title", "phone", "linkedin", "linkedin_url")
"""The lead's fields that examples of answers show."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How results are written: the switches, the tuples' length (3 or 2), the unit costs are told in."""

    switches: SixtyfourSwitches
    tuple_length: int
    units: CostUnits = "cents"

    @property
    def costs_in_items(self) -> bool:
        """Whether each result tells its cost."""
        return self.switches.sixtyfour_cost in {"item and job", "item"}

    @property
    def costs_in_job(self) -> bool:
        """Whether the job, or what wraps a bulk result, tells the cost of all."""
        return self.switches.sixtyfour_cost in {"item and job", "job"}


PersonOf = Callable[[Finding], Person | None]
"""Who is meant by the lead of a finding, where that is known."""


def at_once_result(findings: Sequence[Finding], bulk: bool, person: PersonOf, manner: Manner) -> object:
    """The body of an answer that is no job's."""
    if bulk:
        return _bulk(findings, person, manner)
    item = _item(findings[0], person, manner)
    return [item] if manner.switches.sixtyfour_result_form == "array" else item


def job_result(findings: Sequence[Finding], bulk: bool, person: PersonOf, manner: Manner) -> dict[str, Any]:
    """The member of a job's document that holds its result."""
    if bulk:
        return {"result": _bulk(findings, person, manner)}
    item = _item(findings[0], person, manner)
    match manner.switches.sixtyfour_result_form:
        case "array":
            return {"result": [item]}
        case "structured_data":
            around = {"confidence_score": 0.92, "references": {}, "notes": "Found and verified requested information."}
            return {"result": {"structured_data": item, **around}}
        case "top_level":
            return {"structured_data": item}
    return {"result": item}


def _bulk(findings: Sequence[Finding], person: PersonOf, manner: Manner) -> object:
    """The result of a bulk call; only where it is wrapped has the cost of all a place in it."""
    switches = manner.switches
    items = [_item(finding, person, manner) for finding in _shown(findings, switches)]
    form = switches.sixtyfour_bulk_form
    if form == "array":
        return items
    amount = sum(finding.amount for finding in findings)
    return {form: items, **(_cost(amount, manner) if manner.costs_in_job else {})}


def _shown(findings: Sequence[Finding], switches: SixtyfourSwitches) -> list[Finding]:
    """Those that a bulk result tells, in its order."""
    rng = drawn([finding.lead for finding in findings], "order")
    count = len(findings)
    left_out = set(rng.sample(range(count), min(switches.sixtyfour_bulk_left_out, count)))
    shown = [finding for position, finding in enumerate(findings) if position not in left_out]
    match switches.sixtyfour_bulk_order:
        case "shuffled":
            rng.shuffle(shown)
        case "reversed":
            shown.reverse()
    return shown


def _item(finding: Finding, person: PersonOf, manner: Manner) -> dict[str, Any]:
    """The result for one lead."""
    switches = manner.switches
    result = _echo(finding, person(finding), switches)
    if finding.outcome == "error":
        return {**result, "error": "Enrichment failed for this lead"}
    if finding.operation == "find_phone":
        result.pop("phone", None)
        result |= _phone(finding.numbers, switches)
    else:
        result.pop("email", None)
        result |= _email("email", finding.email, "COMPANY", manner)
        if finding.personal is not None:
            result |= _email("personal_email", finding.personal, "PERSONAL", manner)
    return {**result, **_cost(finding.amount, manner)} if manner.costs_in_items else result


def _cost(amount: int, manner: Manner) -> dict[str, Any]:
    """What a result cost, under the name that goes with the unit."""
    return {f"cost_{manner.units}": number(amount, manner.units)}


def number(amount: int, units: CostUnits) -> int | float:
    """1/100 cents in that unit."""
    size = CENT if units == "cents" else CREDIT
    return amount / size if amount % size else amount // size


def _echo(finding: Finding, person: Person | None, switches: SixtyfourSwitches) -> dict[str, Any]:
    fields = finding.lead.fields
    match switches.sixtyfour_echo:
        case "none":
            return {}
        case "all":
            return dict(fields)
        case "enriched" if person is not None:
            known = {
                "name": f"{person.first_name} {person.last_name}".strip(),
                "company": person.organization.name,
                "title": person.titles[0].text,
                "linkedin": person.linkedin_url,
            }
            return {**{key: value for key, value in known.items() if value}, **_sent(fields)}
    return _sent(fields)


def _sent(fields: Mapping[str, object]) -> dict[str, Any]:
    return {key: fields[key] for key in _ECHOED if key in fields}


def _email(name: str, addresses: Sequence[Address], kind: EmailType, manner: Manner) -> dict[str, Any]:
    length = manner.tuple_length
    if addresses:
        return {name: [[found.address, found.status, found.kind][:length] for found in addresses]}
    match manner.switches.sixtyfour_email_not_found:
        case "empty_tuple":
            return {name: [["", "NOT_FOUND", kind][:length]]}
        case "null_tuple":
            return {name: [[None, "NOT_FOUND", kind][:length]]}
        case "untyped_tuple":
            return {name: [["", "NOT_FOUND", ""][:length]]}
        case "empty_list":
            return {name: []}
        case "null":
            return {name: None}
    return {}


def _phone(numbers: Sequence[KnownNumber], switches: SixtyfourSwitches) -> dict[str, Any]:
    if not numbers:
        match switches.sixtyfour_phone_not_found:
            case "empty_string":
                return {"phone": ""}
            case "empty_list":
                return {"phone": []}
            case "null":
                return {"phone": None}
        return {}
    form = switches.sixtyfour_phone_found
    if form == "string" or (form == "by_count" and len(numbers) == 1):
        return {"phone": numbers[0].shown}
    return {"phone": [{"number": found.shown, "region": found.region} for found in numbers]}
