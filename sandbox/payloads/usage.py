"""The credit-usage details beside an enriched contact: announced in the docs, under names that are not shown."""

from __future__ import annotations

from sandbox.behaviour import CreditUsage
from sandbox.credits import CREDIT
from sandbox.payloads.result import Payload


def usage(form: CreditUsage, amount: int, remaining: int | None) -> Payload:
    """The member that tells what a call cost; both figures in hundredths, ``remaining`` None where there is no pool."""
    cost = _credits(amount)
    left = {} if remaining is None else {"remainingCredits": _credits(remaining)}
    match form:
        case "creditsUsed":
            return {"creditsUsed": cost}
        case "creditUsage":
            return {"creditUsage": {"creditsUsed": cost, **left}}
        case "credits":
            return {"credits": {"consumed": cost, "kind": ("none", "organisation", "person")[amount // CREDIT], **left}}
        case "usage":
            person, organisation = amount // CREDIT == 2, amount // CREDIT == 1
            return {"usage": {"person": 2 * person, "organisation": 1 * organisation, "total": cost}}
    return {}


def _credits(hundredths: int) -> int | float:
    return hundredths / CREDIT if hundredths % CREDIT else hundredths // CREDIT
