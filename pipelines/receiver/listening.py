"""The listening socket, taken before anything is spent or answered."""

from __future__ import annotations

import errno
import socket

from sources.errors import ConfigurationError


class PortTaken(ConfigurationError):
    """Another program, or another leadsync, listens there already."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; PortTaken or ConfigurationError where there can be none."""
    listening = None
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
        listening.setblocking(False)
    except OSError as error:
        if listening is not None:
            listening.close()
        taken = error.errno == errno.EADDRINUSE
        mend = {
            errno.EADDRINUSE: "Choose another port, or end the program that has it.",
            errno.EACCES: "Choose a port from 1024 on: those below need more rights.",
        }.get(error.errno or 0, "Set webhook.host to an address of this machine: 127.0.0.1, or 0.0.0.0 for all it has.")
        raise (PortTaken if taken else ConfigurationError)(
            f"webhook.host and webhook.port: cannot listen on {host}:{port} ({error.strerror}). Nothing was sent or "
            f"bought. {mend}"
        ) from None
    return listening
