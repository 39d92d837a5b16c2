"""The body of a webhook: whether it may hold a document at all, read within a limit, and out of its packing.

The vendor documents no headers, and what is posted was paid for: what is not plainly something else is taken.
"""

from __future__ import annotations

import zlib

from starlette.requests import Request

#: the largest webhook body kept, in bytes, packed or not
BODY_LIMIT = 1024 * 1024

#: kinds of content that no JSON document is in
_NO_DOCUMENT = frozenset({"multipart", "image", "audio", "video", "font"})
_GZIP = b"\x1f\x8b"
_EITHER, _BARE = 32 + zlib.MAX_WBITS, -zlib.MAX_WBITS


class TooLarge(Exception):
    """More than `BODY_LIMIT` bytes."""


def may_hold_document(content_type: str | None) -> bool:
    """Whether a content type does not rule out a JSON document; where there is none it may be one."""
    return (content_type or "").strip().lower().partition("/")[0] not in _NO_DOCUMENT


async def read(request: Request) -> bytes:
    """The body as it was sent. TooLarge as soon as it is; ClientDisconnect where the sender gives up."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > BODY_LIMIT:
        raise TooLarge
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)


def unpacked(body: bytes, encodings: str | None) -> bytes:
    """The body out of its Content-Encoding; as it is where that is unknown or untrue. TooLarge where it grows so."""
    inner: bytes | None = body
    for encoding in reversed([name.strip().lower() for name in (encodings or "").split(",")]):
        if encoding in ("", "identity"):
            continue
        if inner is None or encoding not in ("gzip", "x-gzip", "deflate"):
            return body
        packed = inner
        inner = _inflated(packed, _EITHER)
        if inner is None and encoding == "deflate":
            inner = _inflated(packed, _BARE)
    return body if inner is None else inner


def _inflated(packed: bytes, window: int) -> bytes | None:
    out = b""
    while packed:
        inflater = zlib.decompressobj(window)
        try:
            out += inflater.decompress(packed, BODY_LIMIT + 1 - len(out))
        except zlib.error:
            return None
        if len(out) > BODY_LIMIT:
            raise TooLarge
        if not inflater.eof:
            return None  # cut off
        packed = inflater.unused_data
        if not packed.startswith(_GZIP):  # gzip may go on with another member; anything else is padding
            break
    return out
