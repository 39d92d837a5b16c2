"""What may be shown of a text: no key, no password, nobody's address, number, profile or name. Lowest floor.

Three kinds of text are shown, and each goes through one of these on its way:

* our own words: `redact`. Code of ours puts no payload into them; known secrets are masked all the same, and whatever
  looks like an address, a number, a profile URL, a webhook URL or a password.
* a value that a user wrote into a setting or on the command line: `shown`. Not at all where it may be a secret.
* words of others, a vendor's or a library's, which may quote a payload: `plain_words`. Names have no pattern, so only
  words of errors are shown, and `…` for every other.

Secrets are known once `secrets.add` was told of them, which happens where they are read.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from sources.vocabulary import WORDS

#: a secret shorter than this is none: masking it would blank out half of every text
SHORTEST = 6
#: in place of a value that is not repeated to who wrote it
NOT_SHOWN = "<not shown>"
#: characters of a foreign text that are looked at
_LONGEST = 4000
#: digits of the longest number that a foreign text may show, and of all its numbers together
_DIGITS_OF_ONE, _DIGITS_OF_ALL = 4, 6

_MAC = re.compile(r"(/hooks/[^/\s]+/[^/\s]+/)[^\s/?#\"'<>\\]+")
_IN_URL = re.compile(r"(\w://)[^\s\"'<>]*@")
_NAMED = re.compile(
    r"(?i)([\w-]*(?:api[_-]?key|passw(?:or)?d|pwd|secret|token|signing_key(?:_previous)?|authorization)[\"']?"
    r"(?:\s*=\s*|(?<=[\"'])\s*:\s*)[\"']?)(?![\"'\s<])[^\s\"',;&]+"
)
_HEADER = re.compile(r"(?i)\b(x-api-key:\s*|bearer\s+(?=[^\s<]*\d))[^\s\"'<]+")
_PROFILE = re.compile(
    r"(?i)(?:https?://)?(?:[\w-]+\.)?linkedin\.com/(?:in|pub|sales)/(?!name/|\.\.\.)[^\s\"'<>]+|\blinkedin:[^\s\"'<>]+"
)
_ADDRESS = re.compile(r"[^\s@\"'<>(),;:/\\=]+(?:@|%40)[^\s@\"'<>(),;:/\\]+")
_INTERNATIONAL = re.compile(r"\+\d(?:[\s().-]{0,3}\d){6,}")
_NATIONAL = re.compile(r"(?<![\w./-])\d(?:[\s().-]{0,3}\d){8,}(?![\w/:-]|\.\d)")
_HOST = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
#: the address in our own examples
_EXAMPLE = "name@example.com"
#: what a key looks like: long, and no word
_KEY_LIKE = re.compile(r"(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{16,}|[A-Za-z]{24,}")

_TOKEN = re.compile(r"\w+")
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_UNSHOWN = re.compile(r"…(?:[\s…]*…)?")


class Secrets:
    """Secrets by their value, each with the word that stands in its place. Texts and bytes are masked alike."""

    def __init__(self) -> None:
        self._forms: list[tuple[str, str]] = []

    def __repr__(self) -> str:
        return "Secrets()"

    def add(self, value: str | None, name: str = "secret") -> None:
        """Mask this value from now on, in every form a JSON text or a URL may give it."""
        value = (value or "").strip()
        if len(value) < SHORTEST:
            return
        spelled = {json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
        forms = {value, quote(value, safe=""), *spelled, *(form.replace("/", "\\/") for form in spelled)}
        known = dict(self._forms)
        fresh = [(form, f"<{name}>") for form in forms if form not in known]
        # the longest first: one may hold another. A new list, for readers in other threads
        self._forms = sorted([*self._forms, *fresh], key=lambda item: -len(item[0]))

    def mask(self, text: str) -> str:
        """The text without them."""
        for form, stand_in in self._forms:
            if form in text:
                text = text.replace(form, stand_in)
        return text

    def mask_bytes(self, body: bytes) -> bytes:
        """A document without them; it stays the JSON it was."""
        for form, stand_in in self._forms:
            body = body.replace(form.encode(), stand_in.encode())
        return body


#: those of this process
secrets = Secrets()


def redact(text: str) -> str:
    """Our own words as they may be shown and logged."""
    text = secrets.mask(text)
    text = _MAC.sub(r"\1<mac>", text)
    text = _IN_URL.sub(r"\1<credentials>@", text)
    text = _NAMED.sub(r"\1<secret>", text)
    text = _HEADER.sub(r"\1<secret>", text)
    text = _PROFILE.sub("<profile>", text)
    text = _ADDRESS.sub(lambda found: found[0] if found[0].startswith(_EXAMPLE) else "<address>", text)
    text = _INTERNATIONAL.sub("<number>", text)
    return _NATIONAL.sub(lambda found: found[0] if _HOST.fullmatch(found[0]) else "<number>", text)


def shown(value: object) -> str:
    """A value as its error may repeat it to who wrote it: not where it looks like a secret or like anybody's data."""
    text = repr(value)
    return NOT_SHOWN if len(text) > 200 or looks_secret(text) else text  # in a long one, looking takes seconds


def shown_name(name: str) -> str:
    """The same of a name that a user gave a setting: somebody may have put the key in its place."""
    return NOT_SHOWN if looks_secret(name) else name


def looks_secret(text: str) -> bool:
    """Whether there is anything in a text that looks like a key, a password or anybody's data."""
    return redact(text) != text or _KEY_LIKE.search(text) is not None


def redact_url(url: str) -> str:
    """A URL that errors name: a path may hold a key."""
    start, slash, path = redact(url).partition("://")
    return start + slash + _KEY_LIKE.sub(NOT_SHOWN, path)


def redact_typed(text: str) -> str:
    """A message of the command line's parser, which repeats what was typed."""
    return _KEY_LIKE.sub(NOT_SHOWN, redact(text))


def plain_words(text: str, also: frozenset[str] = frozenset()) -> str:
    """Somebody else's words, on one line, as far as they are words of errors; ``…`` stands for all others.

    ``also``: names that may be shown besides, in small letters. A name in camelCase or with underscores is shown where
    all its parts are. Numbers are shown where they are short and few: none of them is anybody's.
    """
    text = " ".join(redact(text[:_LONGEST]).split())
    numbers = sum(map(str.isdigit, text)) <= _DIGITS_OF_ALL

    def word(found: re.Match[str]) -> str:
        token = found[0]
        if token.lower() in also:
            return token
        parts = [part for piece in token.split("_") for part in _PARTS.findall(piece)]
        whole = token.isascii() and len("".join(parts)) == len(token.replace("_", ""))
        return token if whole and parts and all(map(known, parts)) else "…"

    def known(part: str) -> bool:
        return (numbers and len(part) <= _DIGITS_OF_ONE) if part.isdigit() else part.lower() in WORDS

    # marks that are neither letters nor ASCII may spell a name, too
    told = re.sub("[^\\x00-\\x7f…]", "…", _TOKEN.sub(word, text))
    return _UNSHOWN.sub("…", told)
