"""Slow senders are cut off: a bound on the time of a request's head, and one on the time of its whole body.

uvicorn waits for ever for either, so that a few hundred connections that drip a byte a second would stay as long as
they please. Time runs from the first moment, and a byte does not buy more of it.

Of uvicorn's parsers this is the one in Python (h11): it takes a body whose head offers an upgrade to HTTP/2, as Java's
client does by default, where the other one drops it; and what is posted was paid for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: bytes of a request's head
HEAD_LIMIT = 65_536


@dataclass(frozen=True)
class Patience:
    """Seconds for a request's head, from the connection or its first byte; for its body after that; for what is sent on
    after the answer; for what is under way when the server ends.
    """

    head: float = 10.0
    body: float = 30.0
    linger: float = 5.0
    ending: float = 3.0


class PatientProtocol(H11Protocol):
    """uvicorn's protocol with an end to its patience: who is too slow is answered 408, and the connection is closed."""

    patience: ClassVar[Patience] = Patience()
    cut_off: ClassVar[Callable[[], None]] = lambda: None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._in_body = False
        #: whether anything came of the head that is waited for
        self._begun = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A head must come now."""
        super().connection_made(transport)
        self._expect(self.patience.head)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Part of a head or of a body, or several requests at once."""
        if self.conn.their_state is h11.IDLE:
            self._begun = True
            if self._timer is None:
                self._expect(self.patience.head)
        super().data_received(data)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """The sender says no more; if all is there, it is still answered."""
        if self._in_body or self.cycle is None or self.cycle.response_complete:
            return None
        self.cycle.keep_alive = False
        return True

    def handle_events(self) -> None:
        """What came may have ended a head or a body: then it is time for the next part."""
        cycle, in_body = self.cycle, self._in_body
        super().handle_events()
        if self.transport.is_closing():
            return
        self._in_body = self.conn.their_state is h11.SEND_BODY
        if self._in_body and (self.cycle is not cycle or not in_body):
            self._begun = False
            self._expect(self.patience.body)
        elif not self._in_body and (self.cycle is not cycle or in_body):
            self._begun = False
            self._forget()  # all is there; how long the answer takes is not the sender's fault

    def on_response_complete(self) -> None:
        """Answered before all of it came: the rest is read and dropped for a while, so that the answer is seen."""
        super().on_response_complete()
        if self._in_body:
            self._expect(self.patience.linger)

    def pause_writing(self) -> None:
        """It sends and sends, and takes none of its answers: no vendor does that."""
        super().pause_writing()
        self.transport.abort()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing came after an answer."""
        self._close()

    def shutdown(self) -> None:
        """The server ends: what is under way may come to its end, but soon."""
        if self.cycle is None or self.cycle.response_complete:
            self._close()
        else:
            self.cycle.keep_alive = False
            self._expect(self.patience.ending)

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP; it may have begun as such."""
        self._refuse(b"400 Bad Request")

    def _expect(self, seconds: float) -> None:
        self._forget()
        self._timer = self.loop.call_later(seconds, self._overdue)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _overdue(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            self.transport.abort()  # it does not even take what it was answered
        elif self._in_body and self.cycle.response_complete:
            self._close()
        elif self._in_body:
            type(self).cut_off()
            self._refuse(b"408 Request Timeout")
        elif self.cycle is not None and not self.cycle.response_complete:
            self._expect(self.patience.body)  # the server ends, and this one is still being kept
        elif self._begun:
            type(self).cut_off()
            self._refuse(b"408 Request Timeout")
        else:
            self._close()

    def _refuse(self, status: bytes) -> None:
        """Answered past h11, which may be in any state."""
        self.transport.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        self._close()

    def _close(self) -> None:
        self.transport.close()
        self._expect(self.patience.linger)


def protocol_with(patience: Patience, cut_off: Callable[[], None]) -> type[PatientProtocol]:
    """The protocol with these bounds; ``cut_off`` is called for each sender that was too slow."""
    return type("Protocol", (PatientProtocol,), {"patience": patience, "cut_off": staticmethod(cut_off)})
