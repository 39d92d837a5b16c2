"""Two vendors that charge in units of their own, and purchases of the same people's contacts from both."""

from __future__ import annotations

from dataclasses import dataclass

from enrichment.contacts import Email, Phone
from enrichment.ledger import Ledger, plans
from enrichment.ledger.claims import Lane
from enrichment.ledger.plans import Wanted
from enrichment.settlement import Settlement
from sources.providers import Ask, Basis, Channel, Charge, EmailStatus, Outcome, ProviderResult, Verification
from tests.support.purchases import claim, send, tell


@dataclass(frozen=True)
class Vendor:
    """Somebody to buy from."""

    name: str
    unit: str

    def buy(
        self, ledger: Ledger, person: str, settlement: Settlement, now: int, channel: Channel = Channel.EMAIL
    ) -> str:
        """Buy a person's contact, again where it was bought before, with this answer to it; the call's id."""
        return self._buy(ledger, channel, f"find_{channel}", person, person, settlement, now)

    def verify(self, ledger: Ledger, address: str, status: EmailStatus, now: int) -> str:
        """Buy the verdict on an address; the call's id."""
        verdict = Verification(address, status, status, deep=True)
        settlement = Settlement(Outcome.FOUND, charges=priced(10, 10), verification=verdict)
        return self._buy(ledger, Channel.VERIFICATION, "verify", address, None, settlement, now)

    def _buy(
        self, ledger: Ledger, channel: Channel, operation: str, subject: str, person: str | None,
        settlement: Settlement, now: int,
    ) -> str:  # fmt: skip
        run = f"{self.name}-{channel}-{now}"
        ask = Ask(operation, subject, {"about": subject})
        thing = Wanted(self.name, channel, self.unit, person, ask, "a search")
        assert ledger.call(plans.plan, [thing], run, now, settled_before=now) == 1
        ((claimed,), _) = claim(ledger, [Lane(self.name, operation, self.unit, 2000, 16)], run=run, now=now)
        send(ledger, claimed, now)
        tell(ledger, claimed.request_id, settlement, now=now, provider=self.name)
        return claimed.call_ids[0]


CLODURA, SIXTYFOUR = Vendor("clodura", "credits"), Vendor("sixtyfour", "cents")
DELIVERABLE, GUESSED, UNVERIFIED = EmailStatus.DELIVERABLE, EmailStatus.GUESSED, EmailStatus.UNVERIFIED


def priced(least: int, most: int) -> tuple[Charge, ...]:
    """A price between bounds, in 1/100 of whatever unit."""
    return (Charge("pool", least, most, Basis.BOUNDED if least < most else Basis.REPORTED),)


def addresses(
    *found: tuple[str, EmailStatus], by: str | None = None, cost: tuple[int, int] = (100, 600),
    results: tuple[ProviderResult, ...] = (),
) -> Settlement:  # fmt: skip
    """An answer with these addresses, from the provider ``by`` inside it."""
    emails = tuple(Email(address, "company", status, None, by) for address, status in found)
    return Settlement(Outcome.FOUND, emails=emails, charges=priced(*cost), results=results)


def numbers(*found: str, kind: str = "mobile", by: str | None = None) -> Settlement:
    """An answer with these numbers."""
    phones = tuple(Phone(number, number, kind, "IN", by) for number in found)
    return Settlement(Outcome.FOUND, phones=phones, charges=priced(1000, 2000))


def nothing(outcome: Outcome = Outcome.NOT_FOUND, cost: tuple[int, int] = (0, 0)) -> Settlement:
    """An answer without any."""
    return Settlement(outcome, charges=priced(*cost))
