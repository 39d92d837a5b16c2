"""Whom a lead or an item of a result names, and how surely both are one person. Pure.

An answer repeats fields of the lead, "as sent / enriched": in which form, and whether at all, is documented nowhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any
from urllib.parse import unquote

from sources.documents import plain
from sources.sixtyfour.values import emails_in

_IDS = ("id", "lead_id", "person_id", "external_id", "row_id")
_PROFILES = ("linkedin_url", "linkedin", "linkedin_profile", "profile_url")
_DOMAINS = ("domain", "company_domain", "website", "company_website")
_COMPANIES = ("company", "company_name", "organization")
_PROFILE = re.compile(r"linkedin\.com/in/([^/?#\s]+)", re.IGNORECASE)
#: a member's id in place of the name in a profile's URL: which name it stands for cannot be seen
_MEMBER = re.compile(r"ac[ow]aa", re.IGNORECASE)
_LEGAL = frozenset(
    "inc incorporated llc llp lp ltd limited gmbh ag kg se corp corporation co company plc sa sas sarl srl spa bv nv "
    "oy ab as aps pvt private pte the".split()
)


class Agreement(IntEnum):
    """How surely an item is about the person of a lead, least first."""

    OTHER = 0  # it names somebody else
    SILENT = 1  # nothing in it speaks against
    NAME = 2
    NAME_AND_EMPLOYER = 3
    ADDRESS = 4
    PROFILE = 5
    ID = 6


@dataclass(frozen=True)
class Identity:
    """Whom a block names, as far as it does."""

    ids: Mapping[str, str] = field(default_factory=dict, repr=False)
    profile: str | None = field(default=None, repr=False)
    addresses: frozenset[str] = field(default=frozenset(), repr=False)
    name: tuple[str, ...] = field(default=(), repr=False)
    company: frozenset[str] = field(default=frozenset(), repr=False)
    domain: str | None = field(default=None, repr=False)


def identity(blocks: Sequence[Mapping[str, Any]]) -> Identity:
    """Whom these blocks name together; the first that holds a field counts."""
    ids = {name: text for name in _IDS if (text := _text(blocks, (name,)))}
    parts = [text for name in ("first_name", "last_name") if (text := _text(blocks, (name,)))]
    name = _text(blocks, ("name", "full_name")) or " ".join(parts)
    addresses = (emails_in(block["email"]).emails for block in blocks if "email" in block)
    company = _tokens(_text(blocks, _COMPANIES))
    return Identity(
        ids=ids,
        profile=_profile(_text(blocks, _PROFILES)),
        addresses=frozenset(email.address.casefold() for emails in addresses for email in emails),
        name=tuple(_tokens(name)),
        company=frozenset(company) - _LEGAL or frozenset(company),
        domain=_domain(_text(blocks, _DOMAINS)),
    )


def agreement(lead: Identity, item: Identity) -> Agreement:
    """How surely an item is about the person of a lead. The surest field that both hold decides."""
    common = lead.ids.keys() & item.ids.keys()
    if common:
        return Agreement.ID if all(lead.ids[name] == item.ids[name] for name in common) else Agreement.OTHER
    if lead.profile and item.profile:
        if lead.profile == item.profile:
            return Agreement.PROFILE
        if _comparable(lead.profile, item.profile):
            return Agreement.OTHER
    if lead.addresses & item.addresses:
        return Agreement.ADDRESS
    if lead.name and item.name and not (set(lead.name) <= set(item.name) or set(item.name) <= set(lead.name)):
        return Agreement.OTHER
    same = _same_employer(lead, item)
    if same is False:
        return Agreement.OTHER
    if not lead.name or lead.name != item.name:
        return Agreement.SILENT
    exact = (lead.domain and lead.domain == item.domain) or (lead.company and lead.company == item.company)
    return Agreement.NAME_AND_EMPLOYER if exact else Agreement.NAME


def repeats_all(lead: Identity, item: Identity) -> bool:
    """Whether an item names the person of a lead by all that was sent, and by nothing else."""
    return bool(lead.name) and (lead.name, lead.profile, lead.company, lead.domain, lead.ids) == (
        item.name,
        item.profile,
        item.company,
        item.domain,
        item.ids,
    )


def is_somebody_else(lead: Identity, item: Identity) -> bool:
    """Whether the only item for the only lead is about another person after all.

    Nobody is there to be mixed up with, so a company that goes by another name, or a fuller name, says nothing.
    """
    common = lead.ids.keys() & item.ids.keys()
    if any(lead.ids[name] != item.ids[name] for name in common):
        return True
    if lead.profile and item.profile:
        return lead.profile != item.profile and _comparable(lead.profile, item.profile)
    return bool(lead.name and item.name) and not set(lead.name) & set(item.name)


def _same_employer(lead: Identity, item: Identity) -> bool | None:
    told = []
    if lead.domain and item.domain:
        told.append(lead.domain == item.domain)
    if lead.company and item.company:
        told.append(lead.company <= item.company or item.company <= lead.company)
    return any(told) if told else None


def _comparable(one: str, other: str) -> bool:
    return bool(_MEMBER.match(one)) == bool(_MEMBER.match(other))


def _text(blocks: Sequence[Mapping[str, Any]], names: Iterable[str]) -> str:
    for block in blocks:
        for name in names:
            value = block.get(name)
            if isinstance(value, dict):
                value = value.get("name")
            if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**20:
                value = str(value)
            if isinstance(value, str) and value.strip():
                return value.strip()
    return ""


def _tokens(text: str) -> list[str]:
    bare = "".join(char for char in unicodedata.normalize("NFKD", text[:500]) if not unicodedata.combining(char))
    return re.findall(r"[^\W_]+", bare.casefold().replace("'", ""))


def _profile(text: str) -> str | None:
    found = _PROFILE.search(text[:2000])
    return unicodedata.normalize("NFC", unquote(found[1])).casefold() if found else None


def _domain(text: str) -> str | None:
    host = re.sub(r"^[a-z][a-z0-9+.-]*://|^www\.|[/?#:].*$", "", text[:2000].strip().casefold())
    host = host.removeprefix("www.").rstrip(".")
    return host if "." in host and plain(host) else None
