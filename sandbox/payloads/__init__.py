"""The result of a reveal as a webhook posts it and tracking gives it.

The documentation names only a few members (reveal pages, sections Webhook Payload); what carries the address, the
numbers and the providers' answers is unknown. So each kind of result comes in seven invented shapes, all with the known
members in their place, and a client has to read every one.
"""

from __future__ import annotations

import zlib
from typing import Final, Literal

from sandbox.credits import Plan
from sandbox.payloads import email_multi, email_standard, phone_multi, phone_standard
from sandbox.payloads.result import Payload, Result, Shape, failed

_SHAPES: Final[dict[tuple[str, Plan], tuple[Shape, ...]]] = {
    ("reveal_email", "standard"): email_standard.SHAPES,
    ("reveal_email", "multi_provider"): email_multi.SHAPES,
    ("reveal_phone", "standard"): phone_standard.SHAPES,
    ("reveal_phone", "multi_provider"): phone_multi.SHAPES,
}


def payload(
    result: Result, operation: str, plan: Plan, variant: int | Literal["mixed"], failed_word: str = "failed"
) -> Payload:
    """The JSON object of a finished job, in shape number ``variant``; mixed: in a shape that goes with the person."""
    shapes = _SHAPES[operation, plan]
    if result.outcome.word == "failed":
        return failed(result, plan, failed_word)
    number = zlib.crc32(result.subject.person_id.encode()) % len(shapes) if variant == "mixed" else variant
    return shapes[number](result)
