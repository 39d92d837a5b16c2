"""Reads request bodies: a JSON object whose members are checked one by one, refused with the documented statuses.

Every endpoint reads through this; which member may hold what is said there.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

import orjson

BAD_REQUEST: Final = 400
_LONGEST_ADDRESS: Final = 254
_ADDRESS: Final = re.compile(r"[^\s@\"(),:;<>\[\\\]]{1,64}@[^\W_][\w.-]*\.[^\W\d_][\w-]+")


class Refused(Exception):
    """The request is answered with an error instead of being carried out."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Body:
    """A decoded JSON object. Each method returns None for a member that is not there, an empty one included."""

    members: dict[str, object]

    def text(self, name: str) -> str | None:
        """A string."""
        value = self._member(name, str, "a string")
        return value.strip() or None if isinstance(value, str) else None

    def flag(self, name: str, default: bool) -> bool:
        """A boolean."""
        value = self._member(name, bool, "a boolean")
        return value if isinstance(value, bool) else default

    def number(self, name: str, least: int, most: int) -> int:
        """A required integer between two bounds."""
        value = self.members.get(name)
        if type(value) is not int or not least <= value <= most:
            raise Refused(BAD_REQUEST, f"{name} is required: an integer from {least} to {most}")
        return value

    def texts(self, name: str, allowed: Collection[str] | None = None, most: int | None = None) -> tuple[str, ...]:
        """An array of strings, of a closed list where ``allowed`` is given; empty where it is not there."""
        values = self._member(name, list, "an array of strings")
        if not isinstance(values, list):
            return ()
        if most is not None and len(values) > most:
            raise Refused(BAD_REQUEST, f"{name} takes at most {most} values")
        texts = tuple(value for value in values if isinstance(value, str))
        if len(texts) != len(values):
            raise Refused(BAD_REQUEST, f"{name} must be an array of strings")
        for text in texts:
            if allowed is not None and text not in allowed:
                raise Refused(BAD_REQUEST, f"{name}: unknown value {text!r}")
        return tuple(text for text in texts if text)

    def profile(self, name: str) -> str | None:
        """A LinkedIn address of a person, reduced to what follows ``/in/``. Sales Navigator addresses are refused."""
        slug = self._linkedin(name, "in")
        if slug is None and self.text(name) is not None:
            raise Refused(BAD_REQUEST, f"{name} must be a standard linkedin.com/in/ profile URL")
        return slug

    def company(self, name: str) -> str | None:
        """A LinkedIn address of a company, reduced to what follows ``/company/``."""
        slug = self._linkedin(name, "company")
        if slug is None and self.text(name) is not None:
            raise Refused(BAD_REQUEST, f"{name} must be a linkedin.com/company/ URL")
        return slug

    def webhook(self) -> str | None:
        """The webhookUrl."""
        url = self.text("webhookUrl")
        if url is not None:
            try:
                address = urlsplit(url)
                good = address.scheme in {"http", "https"} and bool(address.hostname)
            except ValueError:
                good = False
            if not good:
                raise Refused(BAD_REQUEST, "webhookUrl must be an http or https URL")
        return url

    def address(self, name: str) -> str | None:
        """An e-mail address, as it was written."""
        value = self.text(name)
        if value is not None and (len(value) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(value)):
            raise Refused(BAD_REQUEST, f"{name}: not the format of an e-mail address")
        return value

    def _linkedin(self, name: str, kind: str) -> str | None:
        """What follows ``/kind/`` in a LinkedIn address, in lower case; None for any other."""
        value = self.text(name)
        if value is None:
            return None
        try:
            address = urlsplit(value if "//" in value else f"https://{value}")
        except ValueError:
            return None
        host, path = (address.hostname or "").lower(), unquote(address.path)
        slug = re.fullmatch(rf"/{kind}/([^/]+)/?", path)
        return slug[1].lower() if slug and (host == "linkedin.com" or host.endswith(".linkedin.com")) else None

    def _member(self, name: str, kind: type, description: str) -> object:
        if name not in self.members:
            return None
        value = self.members[name]
        if type(value) is not kind:
            raise Refused(BAD_REQUEST, f"{name} must be {description}")
        return value


def read_body(raw: bytes) -> Body:
    """The JSON object of a request."""
    try:
        members = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refused(BAD_REQUEST, "the body must be JSON") from error
    if not isinstance(members, dict):
        raise Refused(BAD_REQUEST, "the body must be a JSON object")
    return Body(members)


def check_domain(name: str, domain: str) -> None:
    """Refuse a domain with what the documentation forbids in front of it."""
    if domain.lower().startswith("www.") or "@" in domain:
        raise Refused(BAD_REQUEST, f"{name}: no 'www.' and no '@' in {domain!r}")
