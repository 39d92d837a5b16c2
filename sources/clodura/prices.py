"""What reveals, verifications and enrichments cost: the price lists of their pages, as data.

Which credit a plan charges is documented, where in 1-6 or 10-20 a charge fell is reported nowhere, so a charge has
bounds. Amounts are in 1/100 credit.
"""

from __future__ import annotations

from collections.abc import Sequence

from sources.providers import Basis, Channel, Charge, EmailStatus, FoundEmail, Outcome

UNIT = "credits"
PLANS = ("multi_provider", "standard")
CREDIT = 100

#: the most one reveal can cost: what is reserved before it is sent
RESERVE = {
    ("multi_provider", Channel.EMAIL): 6 * CREDIT,
    ("multi_provider", Channel.PHONE): 20 * CREDIT,
    ("standard", Channel.EMAIL): 2 * CREDIT,
    ("standard", Channel.PHONE): 2 * CREDIT,
}
#: a verification, plain and deep, "per request" (verify-email page)
VERIFICATION = {False: 4, True: 10}
#: an enriched contact: nobody matched, up to a person; 1 credit where only the employer is known (enrich-contacts page)
ENRICH_CONTACT = (0, 2 * CREDIT)
#: an enriched company, and each of the three parts that may be asked for beside it (enrich-company page)
ENRICH_ORGANIZATION, ENRICH_PART = 1 * CREDIT, 1 * CREDIT
#: the least a reveal costs on the single-pool plans once something was found
_POOL_LEAST = {Channel.EMAIL: 1 * CREDIT, Channel.PHONE: 10 * CREDIT}
#: the two kinds of credit that Prospect plans charge
_STANDARD_KINDS = {Channel.EMAIL: ("unlock", "export"), Channel.PHONE: ("phone", "export")}


def charges(
    plan: str, channel: Channel, outcome: Outcome, emails: Sequence[FoundEmail] = (), reported: int | None = None
) -> tuple[Charge, ...]:
    """What a reveal that ended so cost. ``reported``: what the answer itself says, in 1/100 credit."""
    if reported is not None:
        kind = "pool" if plan == "multi_provider" else _STANDARD_KINDS[channel][0]
        return (Charge(kind, reported, reported, Basis.REPORTED),)
    if plan == "multi_provider":
        return (_pool(channel, outcome),)
    return _standard(channel, outcome, emails)


def verification_charges(deep: bool, outcome: Outcome, reported: int | None = None) -> tuple[Charge, ...]:
    """What a verification that ended so cost: the same whatever the verdict."""
    if reported is not None:
        return (Charge("pool", reported, reported, Basis.REPORTED),)
    if outcome is Outcome.FOUND:
        return (Charge("pool", VERIFICATION[deep], VERIFICATION[deep], Basis.DOCUMENTED),)
    return (Charge("pool", 0, VERIFICATION[deep], Basis.BOUNDED),)


def _pool(channel: Channel, outcome: Outcome) -> Charge:
    if outcome is Outcome.NOT_FOUND:
        return Charge("pool", 0, 0, Basis.DOCUMENTED)
    # guessed addresses are charged here too; a job that failed or ran dry half-way may have been charged
    least = _POOL_LEAST[channel] if outcome is Outcome.FOUND else 0
    return Charge("pool", least, RESERVE["multi_provider", channel], Basis.BOUNDED)


def _standard(channel: Channel, outcome: Outcome, emails: Sequence[FoundEmail]) -> tuple[Charge, ...]:
    kinds = _STANDARD_KINDS[channel]
    if outcome is Outcome.NOT_FOUND:
        least, most = 0, 0
    elif outcome is not Outcome.FOUND:
        least, most = 0, CREDIT
    elif channel is Channel.PHONE or any(email.status is EmailStatus.DELIVERABLE for email in emails):
        least, most = CREDIT, CREDIT
    elif all(email.status is EmailStatus.GUESSED for email in emails):
        least, most = 0, 0  # "nothing for a guessed email"
    else:
        least, most = 0, CREDIT  # charged "when a verified email is found": what this one is, nobody says
    basis = Basis.DOCUMENTED if least == most else Basis.BOUNDED
    return tuple(Charge(kind, least, most, basis) for kind in kinds)
