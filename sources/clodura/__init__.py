"""Clodura: its dlt source (`sources.clodura.clodura`), and all that is known of its wire.

The source is imported when it is asked for: it needs dlt and pyarrow, which takes a second, and settings are for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sources.clodura.source import clodura

__all__ = ["clodura"]


def __getattr__(name: str) -> Any:
    if name == "clodura":
        from sources.clodura.source import clodura

        return clodura
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
