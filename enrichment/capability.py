"""The webhook URL as a capability: it names the request it belongs to, and proves that whoever posts was given it.

    {public_url}/hooks/{provider}/{request_id}/{mac}

The vendors sign nothing (Clodura) or sign if asked to; the URL does it for all of them. It says which request a post
belongs to even where the submit's answer, and so the tracking id, was lost. The mac covers provider and request id,
not the host, so that ``public_url`` may change while answers are under way.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256

PREFIX = "/hooks"


class Capability:
    """Makes and checks webhook paths. ``previous`` keys are still accepted while keys are being changed."""

    def __init__(self, key: str, previous: Sequence[str] = ()) -> None:
        self._keys = [key.encode(), *(old.encode() for old in previous if old)]

    def __repr__(self) -> str:
        return "Capability()"

    def url(self, public_url: str, provider: str, request_id: str) -> str:
        """Where the answer to a request is to be posted."""
        return f"{public_url.rstrip('/')}{PREFIX}/{provider}/{request_id}/{_mac(self._keys[0], provider, request_id)}"

    def holds(self, provider: str, request_id: str, mac: str) -> bool:
        """Whether a path was made by us; compared in constant time."""
        given = mac.encode("utf-8", "replace")
        return any(hmac.compare_digest(_mac(key, provider, request_id).encode(), given) for key in self._keys)


def _mac(key: bytes, provider: str, request_id: str) -> str:
    # a path may hold anything, half a surrogate pair included
    return hmac.new(key, f"{provider}/{request_id}".encode("utf-8", "surrogatepass"), sha256).hexdigest()[:40]
