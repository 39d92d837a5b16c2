"""The vendor imitated on this machine, from its documentation alone, with books of its own and faults on demand.

``python -m sandbox`` runs it; ``running()`` runs it for as long as a ``with`` block lasts and gives a ``Server``.
Nothing here is shared with the client: the two must not agree on a mistake. Importing this package loads no server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.process import Present, Response, Server, running
    from sandbox.receiver import Posted, Receiver

__all__ = ["Posted", "Present", "Receiver", "Response", "Server", "running"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from sandbox import process, receiver

        return getattr(receiver if name in {"Posted", "Receiver"} else process, name)
    raise AttributeError(f"module 'sandbox' has no attribute {name!r}")
