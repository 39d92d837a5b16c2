"""The vendors there are. Each has a folder of its own; one more is a folder and its name in this list
(docs/guides/add-a-provider.md).

``sources/<vendor>/settings.py`` holds its section (a `VendorSettings`), ``sources/<vendor>/connecting.py`` opens a
connection to it as a `Provider`. Both are imported only when they are needed: an import costs up to a second.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from sources.connecting import Connecting
from sources.settings import VendorSettings

VENDORS = ("clodura", "sixtyfour")


@cache
def settings_of(vendor: str) -> type[VendorSettings]:
    """The section of a vendor's settings."""
    module = import_module(f"sources.{vendor}.settings")
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, VendorSettings) and value is not VendorSettings
    )
    return found


def connecting(vendor: str) -> Connecting:
    """How a vendor is connected to: the module itself."""
    module: Connecting = import_module(f"sources.{vendor}.connecting")
    return module
