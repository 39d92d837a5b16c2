"""Whether a webhook was signed with our secret. Pure.

Wire facts (signing-secrets page): ``Sixtyfour-Signature: t=<unix seconds>,v1=<hex>[,v1=<hex>]``, where v1 is the
HMAC-SHA256 of ``"{t}."`` and the raw body under the whole secret, prefix included; 300 seconds of grace; while a secret
is being rolled there is one v1 of the new and one of the old. Without a secret deliveries are not signed.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from enum import StrEnum

SIGNATURE = "Sixtyfour-Signature"
#: the same for every attempt to deliver one event, as far as is known
EVENT_ID = "Sixtyfour-Event-Id"
#: seconds that a signature may be old, or ahead of our clock
TOLERANCE = 300
_LONGEST = 4096
_PART = re.compile(r"([A-Za-z0-9_]{1,20})=([^,=\s]{1,200})")
_TIME = re.compile(r"[0-9]{1,15}")


class Verdict(StrEnum):
    """What a signature proves."""

    GOOD = "good"
    MISSING = "missing"
    MALFORMED = "malformed"
    STALE = "stale"  # signed by us or the vendor, but too long ago: perhaps a replay
    WRONG = "wrong"  # with none of these secrets


def verify(secrets: Sequence[str], header: str | None, body: bytes, now: float) -> Verdict:
    """Judge the signature of a delivery. ``secrets``: those that are good now; ``now``: epoch seconds.

    ``body`` is the raw one, before any parsing. Without a secret everything that is signed is wrong.
    """
    if not (header or "").strip():
        return Verdict.MISSING
    parts = _parts(header or "")
    times = [value for name, value in parts if name == "t"]
    signatures = [value.encode() for name, value in parts if name == "v1"]
    if len(times) != 1 or not _TIME.fullmatch(times[0]) or not signatures:
        return Verdict.MALFORMED
    message = times[0].encode() + b"." + body
    good = False
    for secret in filter(None, secrets):
        expected = hmac.new(secret.encode(), message, "sha256").hexdigest().encode()
        for signature in signatures:  # all of them, so that the time taken tells nothing
            good |= hmac.compare_digest(expected, signature)
    if not good:
        return Verdict.WRONG
    return Verdict.GOOD if abs(now - int(times[0])) <= TOLERANCE else Verdict.STALE


def _parts(header: str) -> list[tuple[str, str]]:
    """Names and values in order, a name as often as it is there; none where any part is malformed."""
    if len(header) > _LONGEST:
        return []
    found = [_PART.fullmatch(part.strip()) for part in header.split(",")]
    return [(match[1], match[2]) for match in found if match] if all(found) else []
