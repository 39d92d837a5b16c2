"""What a lead's search comes to, and what it costs: decided when the work is done, of values alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sandbox.sixtyfour.leads import Lead
from sandbox.sixtyfour.switches import SixtyfourSwitches
from sandbox.sixtyfour.truths import Knowledge, KnownAddress, KnownNumber, Worth
from sandbox.sixtyfour.values import Operation, is_personal, price
from sandbox.sixtyfour.wanted import Wanted

Outcome = Literal["found", "not_found", "passed_through", "error"]
EmailType = Literal["COMPANY", "PERSONAL"]


@dataclass(frozen=True, slots=True)
class Address:
    """An address to be told: with its status in the words of the switches, and its type."""

    address: str
    status: str
    kind: EmailType


@dataclass(frozen=True, slots=True)
class Finding:
    """What one lead's search came to. ``personal`` is None where it was not asked for. ``amount``: 1/100 cent."""

    lead: Lead
    operation: Operation
    outcome: Outcome
    amount: int
    email: tuple[Address, ...] = ()
    personal: tuple[Address, ...] | None = None
    numbers: tuple[KnownNumber, ...] = ()


def find(
    wanted: Wanted,
    lead: Lead,
    known: Knowledge,
    switches: SixtyfourSwitches,
    worth: Callable[[str], Worth],
    paid_before: bool,
) -> Finding:
    """Look for what is wanted of a lead. ``worth`` tests a mailbox, ``paid_before``: this was charged before."""
    if wanted.operation == "find_phone":
        numbers = known.numbers
        cost = _amount(wanted, switches, bool(numbers), paid_before)
        return Finding(lead, "find_phone", "found" if numbers else "not_found", cost, numbers=numbers)
    return _find_email(wanted, lead, known, switches, worth, paid_before)


def _find_email(
    wanted: Wanted,
    lead: Lead,
    known: Knowledge,
    switches: SixtyfourSwitches,
    worth: Callable[[str], Worth],
    paid_before: bool,
) -> Finding:
    def told(known: KnownAddress, kind: EmailType) -> Address:
        return Address(known.address, _status(known.worth, wanted, switches), kind)

    company = tuple(told(address, "COMPANY") for address in known.company)
    private = tuple(told(address, "PERSONAL") for address in known.personal)
    if lead.address is not None:
        kind: EmailType = "PERSONAL" if is_personal(lead.address) else "COMPANY"
        sent = told(KnownAddress(lead.address, worth(lead.address)), kind)
        if wanted.mode == "PROFESSIONAL":
            free = paid_before or not switches.sixtyfour_passed_through_charged
            cost = 0 if free else price("find_email", wanted.mode)
            return Finding(lead, "find_email", "passed_through", cost, (sent,))
        if kind == "PERSONAL":
            # "returns immediately without additional processing or cost" (find-email page, Email modes)
            place = switches.sixtyfour_passed_through
            email, personal = ((sent,) if place != "personal_email" else ()), ((sent,) if place != "email" else ())
            return Finding(lead, "find_email", "passed_through", 0, email, personal)
        company = (sent,)
    best = company if wanted.mode == "PROFESSIONAL" else private
    outcome: Outcome = "found" if best else "not_found"
    cost = _amount(wanted, switches, bool(best), paid_before)
    return Finding(lead, "find_email", outcome, cost, company, None if wanted.mode == "PROFESSIONAL" else private)


def _amount(wanted: Wanted, switches: SixtyfourSwitches, found: bool, paid_before: bool) -> int:
    if paid_before or not (found or switches.sixtyfour_misses_charged):
        return 0
    return price(wanted.operation, wanted.mode)


def _status(worth: Worth, wanted: Wanted, switches: SixtyfourSwitches) -> str:
    if not wanted.verify and not switches.sixtyfour_unverified_ok:
        return "UNKNOWN"
    if worth == "ok" or not wanted.verify:
        return "OK"
    return "UNKNOWN" if switches.sixtyfour_email_statuses == "OK UNKNOWN" else worth.upper()
