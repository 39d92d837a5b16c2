"""A person's LinkedIn URL, however it was copied -> one form of it. Pure.

Clodura takes standard profile URLs and never those of Sales Navigator (its pages on reveals and enrichment, "Body
Parameters").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import quote, unquote

from pipelines.leads.values import Unusable

_BASE = "https://www.linkedin.com/"
_HERE = re.compile(r"(?:https?:)?(?://)?(?:[a-z0-9-]+\.)*linkedin\.com\.?(?::\d+)?(?=[/?#]|$)", re.IGNORECASE)
#: as nearly all are written; what it lets through means itself, or is written in percent
_USUAL = re.compile(r"^https?://(?:www\.)?linkedin\.com/in/([\w.~-]+)/?$", re.MULTILINE)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_BARE = re.compile(r"/?(?:in|pub)/", re.IGNORECASE)
_SHORTENED = re.compile(r"(?:https?://)?(?:www\.)?lnkd\.in/", re.IGNORECASE)
#: ways in which LinkedIn's own pages and mails lead to a profile
_DETOURS = frozenset(["mwlite", "comm", "m"])
#: a slug that LinkedIn made of a member's number; unlike a chosen one it has capitals that count
_MEMBER = re.compile(r"AC[a-z]AA[\w-]{20,}", re.ASCII)
_MEND = "use the person's linkedin.com/in/... URL, or leave the field out (--map linkedin_url=)"
_OTHERS = {
    "sales": "a Sales Navigator URL, which no vendor takes",
    "talent": "a URL of LinkedIn's recruiting pages, which no vendor takes",
    "recruiter": "a URL of LinkedIn's recruiting pages, which no vendor takes",
    "company": "a company's page",
    "school": "a school's page",
    "showcase": "a company's page",
}


def profile_url(text: str) -> str:
    """The URL as one vendor and all our keys know it: https://www.linkedin.com/in/slug. Raises `Unusable`."""
    return _BASE + _path(text)


def profile_key(url: str) -> str:
    """What a URL made by `profile_url` says of who it is: "slug", or "pub/name/1/2/3". Case does not count.

    The same as after ``linkedin:`` in the keys of people whom a search shows without an id.
    """
    return url.removeprefix(_BASE).removeprefix("in/").lower()


def profile_keys(urls: Sequence[str | None]) -> list[str | None]:
    """`profile_key` of each URL, however it is written; None where it is no person's profile, or there is none.

    A page of usual ones is read at once: a search may show a million people.
    """
    written = [url for url in urls if url is not None]
    lines = "\n".join(written)
    found = _USUAL.findall(lines)
    if len(found) == len(written) == lines.count("\n") + 1:
        keys = iter(_written_out("\n".join(found)).split("\n"))
        return [None if url is None else next(keys) for url in urls]
    return [_key_of(url) for url in urls]


def _key_of(url: str | None) -> str | None:
    if url is None:
        return None
    if usual := _USUAL.fullmatch(url):
        return _written_out(usual[1])
    try:
        return profile_key(profile_url(url))
    except Unusable:
        return None


def _written_out(slugs: str) -> str:
    """Slugs of usual URLs, as keys have them."""
    if slugs.isascii():
        return slugs.lower()
    plain = unicodedata.normalize("NFC", slugs).lower()
    return _NOT_ASCII.sub(lambda found: quote(found[0], safe=""), plain).lower()


def profile_of_key(key: str) -> str | None:
    """The URL that a key of ours (``linkedin:slug``) was made of; None for other keys."""
    kind, _, path = key.partition(":")
    if kind != "linkedin" or not path:
        return None
    return profile_url(path if path.startswith("pub/") else f"in/{path}")


def _path(text: str) -> str:
    found = _HERE.match(text)
    if found:
        rest = text[found.end() :]
    elif _BARE.match(text):
        rest = text
    elif _SHORTENED.match(text):
        raise Unusable(f"it is a shortened link: {_MEND}")
    else:
        raise Unusable(f"it is no LinkedIn URL: {_MEND}")
    parts = [part for part in re.split(r"[?#]", rest, maxsplit=1)[0].split("/") if part]
    while parts and parts[0].lower() in _DETOURS:
        parts = parts[1:]
    kind = parts[0].lower() if parts else ""
    if kind in _OTHERS:
        raise Unusable(f"it is {_OTHERS[kind]}: {_MEND}")
    if kind == "in" and len(parts) > 1:
        return f"in/{_slug(parts[1])}"
    # /pub/name/1/2b/3c: the name alone is many people's, and /pub/dir is a list of them
    if kind == "pub" and len(parts) >= 5 and parts[1].lower() != "dir":
        return "pub/" + "/".join(_slug(part) for part in parts[1:5])
    raise Unusable(f"it is no person's profile: {_MEND}")


def _slug(part: str) -> str:
    try:
        plain = unicodedata.normalize("NFC", unquote(part, errors="strict"))
    except UnicodeDecodeError:
        raise Unusable(f"it is no person's profile: {_MEND}") from None
    if not plain or re.search(r"[\s/\x00-\x1f\x7f\ud800-\udfff?#@:<>\"]", plain):
        raise Unusable(f"it is no person's profile: {_MEND}")
    return quote(plain if _MEMBER.fullmatch(plain) else plain.lower(), safe="-_.~")
