"""Where rows go: one file a destination, a registry of names, and the contract each must keep (`contract`)."""

from __future__ import annotations

from importlib import import_module

from destinations.contract import Destination, DestinationOptions
from sources.errors import ConfigurationError
from sources.nearest import did_you_mean
from sources.redaction import shown

#: name in the settings -> module with a function `make(options)`
REGISTRY = {"duckdb": "destinations.duckdb"}

__all__ = ["REGISTRY", "Destination", "DestinationOptions", "make"]


def make(name: str, options: DestinationOptions) -> Destination:
    """The destination of that name; ConfigurationError for a name that is not in the registry."""
    if name not in REGISTRY:
        raise ConfigurationError(
            f"pipelines.destination: {shown(name)} is not one of {', '.join(REGISTRY)}.{did_you_mean(name, REGISTRY)}"
        )
    destination: Destination = import_module(REGISTRY[name]).make(options)
    return destination
