"""Defaults that dlt must find in the environment before it is imported; whoever sets them there keeps them.

And the name under which we go.
"""

from __future__ import annotations

import os

_DEFAULTS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",  # where names do not resolve, it holds up the exit for 20 s
    "RUNTIME__LOG_LEVEL": "CRITICAL",  # what fails we tell ourselves, and without its traceback
    "RUNTIME__INTERCEPT_SIGNALS": "false",  # signals are ours: they end the generators normally
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID": "true",
    "LOAD__DELETE_COMPLETED_JOBS": "true",  # their rows would lie in dlt's folder for ever
    "ENABLE_RUNTIME_TRACE": "false",  # a pickle of settings, and of errors with the values they quote
    "EXTRACT__NEXT_ITEM_MODE": "fifo",  # the feed first, then what the ledger owes by then
}


def user_agent() -> str:
    """How we name ourselves to vendors: the front door of one refuses what a library says by default."""
    from importlib.metadata import version

    return f"leadsync/{version('leadsync')}"


def quiet_dlt() -> None:
    """Set them."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
