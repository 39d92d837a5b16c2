"""A vendor's refusal as an error: by its status, with its own words, as far as they are words of errors.

An error body may repeat the key, the address, the number and the name of whoever was asked for: see `redaction`.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from sources.errors import KeyRefused, NotEntitled, OutOfCredits, RequestRefused, VendorError
from sources.redaction import plain_words, redact
from sources.transport import Answer


def vendor_words(body: bytes) -> str | None:
    """The `plain_words` of an error body, at most 200 characters, or None: it may be empty, HTML or any JSON."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    inner = document.get("error") if isinstance(document, dict) else None
    for block in [block for block in (document, inner) if isinstance(block, dict)]:
        for name in ("detail", "message", "error"):
            text = block.get(name)
            if isinstance(text, str) and text.strip():
                return plain_words(text)[:200]
    return None


def refusal(answer: Answer, what: str, vendor: str) -> VendorError:
    """The error that stands for a refused request; ``what`` names the operation in plain words."""
    words = vendor_words(answer.body)
    said = f" It says: {words!r}." if words and any(map(str.isalpha, words)) else ""
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
            f"{vendor} does not allow {what} (403).{said} Nothing was bought by it. "
            + (
                "Ask for a plan that holds it, or leave it out."
                if words
                else "It gives no reason: the plan may not hold it, or the front door of a wrong host turned us away. "
                "Check base_url, then the plan."
            ),
            status=status,
        )
    if 300 <= status < 400:
        return RequestRefused(
            f"{vendor} redirects {what} ({status}) to {_address(answer.location)}: base_url is not the API's own "
            f"address. Nothing was bought. Set base_url to that address.",
            status=status,
        )
    return RequestRefused(
        f"{vendor} refused {what} ({status}).{said} Nothing was bought by it. Mend what it names (for a search: its "
        f"filters) and run again.",
        status=status,
    )


def _address(location: str | None) -> str:
    """Where a redirect leads: the host alone, for path and query may carry anything."""
    if not location:
        return "nowhere"
    try:
        parts = urlsplit(location)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "what is no address"
    if not host:
        return "another path of its own"
    secure = "http" if parts.scheme == "http" else "https"
    return redact(f"{secure}://{host}{f':{port}' if port else ''}"[:200])
