"""The secret that signs webhooks, its rotation, and the signature (signing-secrets page).

``v1 = hex(HMAC-SHA256(secret, "{t}." + body))``; during a rotation both secrets sign, the new one first.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

_PREFIX: Final = "sk_whsec_"
_ORGANIZATION: Final = "org_sandbox"


def sign(secret: str, seconds: int, body: bytes) -> str:
    """The v1 of a body posted at that time, seconds since 1970. The whole secret is the key, its prefix included."""
    return hmac.new(secret.encode(), b"%d." % seconds + body, hashlib.sha256).hexdigest()


def signature_header(secrets: Sequence[str], seconds: int, body: bytes) -> str:
    """The value of Sixtyfour-Signature: a v1 for each secret, in order."""
    return ",".join((f"t={seconds}", *(f"v1={sign(secret, seconds, body)}" for secret in secrets)))


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret. ``ends`` is when it signs no more, None for the one in force."""

    identifier: str
    plaintext: str
    created: float
    ends: float | None = None

    def meta(self, now: float) -> dict[str, object]:
        """What may be shown of it."""
        revoked = self.ends is not None and self.ends <= now
        return {
            "id": self.identifier,
            "org_id": _ORGANIZATION,
            "preview": f"{_PREFIX}••••…{self.plaintext[-4:]}",
            "status": "revoked" if revoked else "active" if self.ends is None else "expiring",
            "created_at": stamp(self.created),
            "revoked_at": None if self.ends is None else stamp(self.ends),
        }


class SigningSecrets:
    """The secrets of the organization: none at first. ``random_hex`` gives 64 hexadecimal digits."""

    def __init__(self, now: Callable[[], float], random_hex: Callable[[], str]) -> None:
        self._now = now
        self._random_hex = random_hex
        self._count = 0
        self._newest: Secret | None = None
        self._before: Secret | None = None

    def meta(self) -> dict[str, object] | None:
        """The secret in force without its text; None where there is none."""
        return None if self._newest is None else self._newest.meta(self._now())

    def signing(self) -> tuple[str, ...]:
        """The texts that sign now, the newest first; none where deliveries go unsigned."""
        if self._newest is None:
            return ()
        before = self._before
        overlaps = before is not None and before.ends is not None and self._now() < before.ends
        return (
            (self._newest.plaintext, before.plaintext) if before is not None and overlaps else (self._newest.plaintext,)
        )

    def create(self) -> dict[str, object]:
        """A new secret, told this once; any other is void at once."""
        self._before, self._newest = None, self._made()
        return self._told(self._newest)

    def roll(self, hours: int) -> dict[str, object] | None:
        """A new secret beside the old one, which signs for so many hours more; None where there is none to roll."""
        if self._newest is None:
            return None
        self._before = replace(self._newest, ends=self._now() + hours * 3600)
        self._newest = self._made()
        return self._told(self._newest)

    def revoke(self) -> None:
        """No secret any more."""
        self._newest = self._before = None

    def _made(self) -> Secret:
        self._count += 1
        return Secret(f"whsec_{self._count}", _PREFIX + self._random_hex(), self._now())

    def _told(self, secret: Secret) -> dict[str, object]:
        return {"plaintext": secret.plaintext, "meta": secret.meta(self._now())}


def stamp(seconds: float) -> str:
    """A time as the vendor writes it: RFC 3339, UTC, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
