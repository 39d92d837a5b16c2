"""What a verification says of an address: a function of (seed, address) alone.

Addresses of the population have the truth the population gives them. Any other is decided by a hash: of its domain,
whether it takes everything, then of the address, whether the mailbox exists.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal

from sandbox.emails import Deliverability

Verdict = Literal["Deliverable", "Undeliverable", "Risky (Catch-all)"]
"""Verify e-mail page, Verification Status Definitions; "Pending" is the word for none yet."""

_WORDS: Final[dict[Deliverability, Verdict]] = {
    "deliverable": "Deliverable",
    "undeliverable": "Undeliverable",
    "catch_all": "Risky (Catch-all)",
}
# Percent.
_CATCH_ALL_DOMAINS: Final = 15
_EXISTING_MAILBOXES: Final = 60


def verdict(seed: int, address: str, known: Deliverability | None, *, settle: bool = False) -> Verdict:
    """The final verdict on an address; ``known`` is the population's truth, None for an address nobody has.

    With ``settle`` an address of a catch-all domain is told apart by a hash, as a deep verification might do.
    """
    lowered = address.lower()
    exists = _percent(seed, "mailbox", lowered) < _EXISTING_MAILBOXES
    truth = known
    if truth is None:
        catches_all = _percent(seed, "domain", lowered.rpartition("@")[2]) < _CATCH_ALL_DOMAINS
        truth = "catch_all" if catches_all else "deliverable" if exists else "undeliverable"
    if truth == "catch_all" and settle:
        truth = "deliverable" if exists else "undeliverable"
    return _WORDS[truth]


def _percent(seed: int, kind: str, text: str) -> int:
    digest = hashlib.blake2b(f"{seed}:{kind}:{text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % 100
