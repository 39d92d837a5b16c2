"""The webhook receiver: takes what vendors post to capability URLs, keeps it durably, then answers 200.

It is the same whether `sync` listens by itself while it runs or `serve` stands beside it: both keep into the inbox.
"""

from pipelines.receiver.app import ECHO, Keep, Tally, make_app
from pipelines.receiver.bodies import BODY_LIMIT
from pipelines.receiver.keeping import keeping, proving
from pipelines.receiver.listening import PortTaken, listen
from pipelines.receiver.patience import Patience
from pipelines.receiver.server import make_server

__all__ = [
    "BODY_LIMIT",
    "ECHO",
    "Keep",
    "Patience",
    "PortTaken",
    "Tally",
    "keeping",
    "listen",
    "make_app",
    "make_server",
    "proving",
]
