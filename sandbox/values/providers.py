"""The providers a reveal asks, in order, with their prices in hundredths of a credit, and their status words.

The providers and words are those of the reveal pages; which provider costs what inside "1-6" and "10-20" credits is not
documented, so the prices are spread over the whole range.
"""

from __future__ import annotations

from typing import Final

DATABASE: Final = "Clodura"
"""The vendor's own database; the only source of the Prospect plans."""

EMAIL_PRICES: Final = {
    DATABASE: 100,
    "Prospeo": 200,
    "Hunter": 300,
    "RocketReach": 400,
    "Findymail": 500,
    "LeadMagic": 600,
}

PHONE_PRICES: Final = {
    DATABASE: 1000,
    "SignalHire": 1200,
    "Enrichlayer": 1400,
    "Wiza": 1500,
    "LeadMagic": 1600,
    "RocketReach": 1800,
    "Findymail": 2000,
}

# Reveal email page, Provider Status Definitions. "Success / Deliverable" is printed in one cell there and may be
# two words: see Behaviour.deliverable_word.
EMAIL_NOT_FOUND: Final = "not found"
EMAIL_NOT_VERIFIED: Final = "not verified"
EMAIL_DELIVERABLE: Final = "Success / Deliverable"
EMAIL_GUESSED: Final = "guessed"

# Reveal phone page, Provider Status Definitions.
PHONE_FOUND: Final = "found"
PHONE_NOT_FOUND: Final = "notFound"

INSUFFICIENT_CREDITS: Final = "Insufficient Credits"
