"""Who a lead is, to us: the same person has one key, however a list is written. Pure."""

from __future__ import annotations

import unicodedata
from hashlib import sha256

from pipelines.leads.lead import Lead
from pipelines.leads.profiles import profile_key

#: hex digits of a key: 128 bits, so that no two of any number of people share one
_DIGITS = 32


def identifiers(lead: Lead) -> tuple[tuple[str, str], ...]:
    """What names the person, as (kind, value), the surest first. Every lead has at least one.

    ``clodura``: the search vendor's id. ``linkedin``: the profile. ``name_domain``, ``name_company``: names in small
    letters, ``ada lovelace|example.com``.
    """
    found = []
    if lead.person_id:
        found.append(("clodura", lead.person_id))
    if lead.linkedin_url:
        found.append(("linkedin", profile_key(lead.linkedin_url)))
    if lead.first_name and lead.last_name:
        name = _plain(f"{lead.first_name} {lead.last_name}")
        if lead.company_domain:
            found.append(("name_domain", f"{name}|{lead.company_domain}"))
        if lead.company_name:
            found.append(("name_company", f"{name}|{_plain(lead.company_name)}"))
    return tuple(found)


def own_key(lead: Lead) -> str:
    """The person's key in our tables: the vendor's id where there is one, else one of our own, as stable.

    ``linkedin:slug`` is the key that a search gives to whom it shows without an id. Of names nothing can be read in the
    key: ``name_domain:`` and a hash.
    """
    if lead.key is not None and not lead.person_id:
        return lead.key
    kind, value = identifiers(lead)[0]
    if kind == "clodura":
        return value
    if kind == "linkedin":
        return f"linkedin:{value}"
    return f"{kind}:{sha256(value.encode()).hexdigest()[:_DIGITS]}"


def _plain(text: str) -> str:
    """Compatible forms, case and blanks do not count; accents do, for they tell people apart."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).replace("|", " ").split())
