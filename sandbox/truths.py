"""The hidden truth about people as the control endpoint shows it, for tests to compare with what was revealed."""

from __future__ import annotations

from sandbox.directory import Directory
from sandbox.emails import email_truth
from sandbox.phones import phone_truth
from sandbox.sixtyfour.truths import Knowledge
from sandbox.values.providers import DATABASE, PHONE_PRICES
from sandbox.verdicts import verdict


def known_of(directory: Directory, index: int) -> dict[str, object]:
    """Who a person is, the e-mail address and numbers there are to find, and which provider has them.

    ``email`` and ``phones`` are null and empty where nobody finds any. ``in_database``: the vendor itself has them, so
    that the Prospect plans find them too. ``verdict`` is what a verification says: where two persons share an address,
    the truth about the first one's.
    """
    population = directory.population
    person = population.person(index)
    email, phones = email_truth(population.seed, person), phone_truth(population.seed, person)
    found = next((finding for finding in reversed(email.findings) if finding.address), None)
    providers = tuple(PHONE_PRICES)
    return {
        "person_id": person.person_id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "linkedin_url": person.linkedin_url or None,
        "country": person.place.country or None,
        "organization_id": person.organization.organization_id or None,
        "organization_name": person.organization.name or None,
        "organization_linkedin_url": person.organization.linkedin_url or None,
        "company_domains": person.organization.domains,
        "email_status": person.email_status,
        "email": None
        if found is None or email.address is None
        else {
            "address": email.address,
            "deliverability": email.deliverability,
            "verdict": verdict(population.seed, email.address, directory.deliverability(email.address)),
            "kind": found.kind,
            "provider": found.provider,
            "in_database": email.findings[0].address is not None,
        },
        "phones": [{"e164": phone.e164, "shown": phone.shown, "kind": phone.kind} for phone in phones.phones],
        "phone_provider": None if phones.finder is None else providers[phones.finder],
        "phone_in_database": phones.finder is not None and providers[phones.finder] == DATABASE,
    }


def sixtyfour_known(known: Knowledge) -> dict[str, object]:
    """What the second vendor would find of a person, best first; empty lists where it finds nothing."""
    return {
        "email": [{"address": email.address, "worth": email.worth} for email in known.company],
        "personal_email": [{"address": email.address, "worth": email.worth} for email in known.personal],
        "phone": [{"shown": phone.shown, "e164": phone.e164, "region": phone.region} for phone in known.numbers],
    }
