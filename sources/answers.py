"""A vendor's refusal as an error: by its status, with its own words, without anybody's address or number."""

from __future__ import annotations

import json
import re

from sources.errors import KeyRefused, NotEntitled, OutOfCredits, RequestRefused, VendorError
from sources.transport import Answer

_ADDRESS = re.compile(r"\S+@\S+")
_DIGITS = re.compile(r"\+?\d(?:[\s().-]{0,3}\d){6,}")


def redact(text: str) -> str:
    """Text that may be logged: addresses and longer numbers are blanked out."""
    return _DIGITS.sub("<number>", _ADDRESS.sub("<address>", text))


def vendor_words(body: bytes) -> str | None:
    """What an error body says, at most 200 characters, or None: it may be empty, HTML or any JSON."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    inner = document.get("error") if isinstance(document, dict) else None
    for block in [block for block in (document, inner) if isinstance(block, dict)]:
        for name in ("detail", "message", "error"):
            text = block.get(name)
            if isinstance(text, str) and text.strip():
                return redact(" ".join(text.split()))[:200]
    return None


def refusal(answer: Answer, what: str, vendor: str) -> VendorError:
    """The error that stands for a refused request; ``what`` names the operation in plain words."""
    words = vendor_words(answer.body)
    said = f" It says: {words!r}." if words else ""
    status = answer.status
    if status == 401:
        return KeyRefused(
            f"{vendor} refused the key (401) for {what}.{said} Nothing was bought. Check the api_key, and that it "
            f"belongs to this host.",
            status=status,
        )
    if status == 402:
        return OutOfCredits(
            f"{vendor} has no credits left for {what} (402).{said} What was bought is kept; top up and run again.",
            status=status,
        )
    if status == 403:
        return NotEntitled(
            f"{vendor} does not allow {what} on this plan (403).{said} Nothing was bought by it. Ask for a plan that "
            f"holds it, or leave it out.",
            status=status,
        )
    if 300 <= status < 400:
        return RequestRefused(
            f"{vendor} redirects {what} ({status}) to {_address(answer.location)}: base_url is not the API's own "
            f"address. Nothing was bought.",
            status=status,
        )
    return RequestRefused(f"{vendor} refused {what} ({status}).{said} Nothing was bought by it.", status=status)


def _address(location: str | None) -> str:
    """Where a redirect leads, without what its query may carry."""
    return redact((location or "").partition("?")[0])[:200] or "nowhere"
