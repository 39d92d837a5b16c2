"""Addresses and numbers in one form: `email-validator` (syntax only) and `phonenumbers` (E.164, type, country). Pure.

What cannot be put into form is kept as the vendor wrote it: it was paid for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import email_validator
import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from sources.countries import region_of
from sources.providers import EmailStatus, FoundEmail, FoundPhone

#: mail that anybody can have
_FREE_MAIL = """
    126.com 163.com aol.com att.net bk.ru bol.com.br btinternet.com comcast.net daum.net fastmail.com foxmail.com
    free.fr gmail.com gmx.com gmx.de gmx.net googlemail.com hanmail.net hey.com hotmail.co.uk hotmail.com hotmail.fr
    icloud.com inbox.ru laposte.net libero.it list.ru live.com mac.com mail.com mail.ru me.com msn.com naver.com o2.pl
    orange.fr outlook.com pm.me proton.me protonmail.com qq.com rediffmail.com rocketmail.com sbcglobal.net seznam.cz
    sina.com sky.com t-online.de terra.com.br tutanota.com uol.com.br verizon.net virgilio.it wanadoo.fr web.de wp.pl
    ya.ru yahoo.co.in yahoo.co.uk yahoo.com yahoo.de yahoo.fr yandex.com yandex.ru ymail.com zoho.com
"""
_FREE_MAIL_DOMAINS = frozenset(_FREE_MAIL.split())
#: free mail with a domain in many countries: yahoo.co.in, hotmail.it, live.nl
_FREE_MAIL_NAMES = re.compile(
    r"(yahoo|ymail|hotmail|outlook|live|msn|gmx|yandex|googlemail|protonmail)\.(com?\.)?[a-z]{2,3}"
)
#: the type of a number of which neither the number nor the vendor says one
UNKNOWN_TYPE = "unknown"
_TYPES = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.UAN: "company",
    PhoneNumberType.PAGER: "pager",
}


@dataclass(frozen=True)
class Email:
    """An address: lower case, IDNA domains in Unicode. ``type`` is company or personal."""

    email: str = field(repr=False)
    type: str
    status: EmailStatus
    status_raw: str | None = field(repr=False)
    found_by: str | None = field(repr=False)


@dataclass(frozen=True)
class Phone:
    """A number: E.164, or as the vendor wrote it where no country makes sense of it (``country`` is None then)."""

    number: str = field(repr=False)
    number_raw: str = field(repr=False)
    type: str = field(repr=False)  # as the vendor wrote it, where we know no better
    country: str | None
    found_by: str | None = field(repr=False)


def normalize_email(found: FoundEmail) -> Email:
    """The address in one form. One that cannot receive mail by its very syntax is kept, as undeliverable."""
    status = found.status
    address = normalized_address(found.address)
    if address is None:
        address, status = found.address.strip().lower(), EmailStatus.UNDELIVERABLE
    domain = address.rpartition("@")[2]
    stated = (found.type_raw or "").lower()
    if "personal" in stated or "private" in stated:
        kind = "personal"
    elif any(word in stated for word in ("company", "work", "business", "professional", "corporate")):
        kind = "company"
    else:
        free = domain in _FREE_MAIL_DOMAINS or _FREE_MAIL_NAMES.fullmatch(domain)
        kind = "personal" if free else "company"
    return Email(address, kind, status, found.status_raw, found.found_by)


def normalized_address(address: str) -> str | None:
    """The address in lower case, or None where its syntax is wrong. Reserved domains (.test) are well formed."""
    local, _, domain = address.strip().rpartition("@")
    for stand_in in (domain, f"{domain}.com"):
        try:
            checked = email_validator.validate_email(f"{local}@{stand_in}", check_deliverability=False)
        except email_validator.EmailNotValidError:
            continue
        normalized = checked.normalized.lower()
        return normalized if stand_in == domain else normalized.removesuffix(".com")
    return None


def normalize_phone(found: FoundPhone, country: str | None) -> Phone:
    """The number in E.164. ``country``, where the person lives, reads national numbers the answer says nothing of."""
    raw = found.number.strip()
    parsed = _parse(raw, found.country, country)
    stated = re.sub(r"[^a-z]+", "_", (found.type_raw or "").lower()).strip("_") or UNKNOWN_TYPE
    if parsed is None:
        return Phone(raw, raw, stated, None, found.found_by)
    return Phone(
        number=phonenumbers.format_number(parsed, PhoneNumberFormat.E164),
        number_raw=raw,
        type=_TYPES.get(phonenumbers.number_type(parsed), stated),
        country=phonenumbers.region_code_for_number(parsed),
        found_by=found.found_by,
    )


def _parse(raw: str, beside: str | None, country: str | None) -> PhoneNumber | None:
    """The first reading that is a valid number; else the first that is possible.

    ``beside``: a country's name, code or calling code that stood with the number. Without any country a number that is
    not in international form may be anybody's: nothing is made of it.
    """
    digits = re.sub(r"\D", "", re.split(r"x|ext|#", raw.lower())[0])
    attempts: list[tuple[str, str | None]] = []
    if re.match(r"(?:tel:)?\s*\(?\+", raw):
        attempts.append((raw, None))
    elif digits.startswith("00"):  # dialled from most countries
        attempts.append((f"+{digits[2:]}", None))
    calling = re.fullmatch(r"\+?(\d{1,4})|\D*\+(\d{1,4})\D*", (beside or "").strip())
    code = int(calling[1] or calling[2]) if calling else 0
    regions = (phonenumbers.region_code_for_country_code(code) if code else None, region_of(beside), region_of(country))
    attempts += [(raw, region) for region in regions if region and region in phonenumbers.SUPPORTED_REGIONS]
    possible = None
    for text, region in attempts:
        parsed = _reading(text, region)
        if parsed is None:
            continue
        if phonenumbers.is_valid_number(parsed):
            return parsed
        if possible is None and phonenumbers.is_possible_number(parsed):
            possible = parsed  # of a range that is not in use, as far as we know
    if possible is None and attempts:  # an international number without its +
        parsed = _reading(f"+{digits}", None)
        return parsed if parsed is not None and phonenumbers.is_valid_number(parsed) else None
    return possible


def _reading(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
