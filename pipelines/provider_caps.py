"""Caps on what is bought from one provider: ``[enrichment.caps.PROVIDER]``, ``UNIT_per_SCOPE = AMOUNT``.

``UNIT_per_answer`` is a ceiling: what costs more at worst is not asked there.

A cap on a provider, or in a unit, that does not exist would bound nothing: that is an error, not a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from enrichment.caps import Cap, Scope
from sources.errors import ConfigurationError
from sources.nearest import did_you_mean
from sources.registry import VENDORS, settings_of

#: where the section of each provider stands
PATH = ("enrichment", "caps")
#: what each provider charges in
UNITS: Mapping[str, str] = {vendor: settings_of(vendor).unit for vendor in VENDORS}


def names(provider: str) -> list[str]:
    """The settings that a provider's section may hold: ``credits_per_run`` and so on."""
    return [f"{UNITS[provider]}_per_{scope}" for scope in Scope]


def parse_caps(tables: Mapping[str, Mapping[str, Any]], variables: Iterable[str] = ()) -> list[Cap]:
    """The caps in these sections, by provider. ConfigurationError names everything that is wrong.

    ``variables`` are the names of all environment variables: one that is no cap although it looks like one is wrong.
    """
    found: list[Cap] = []
    prefix = "__".join(PATH).upper()
    example = next(iter(UNITS))
    mistakes = [
        f"{variable}: names no cap. Write it like {prefix}__{example.upper()}__{names(example)[0].upper()}"
        for variable in variables
        if f"{variable}__".startswith(f"{prefix}__") and len(variable.removeprefix(prefix).split("__")) != 3
    ]
    for provider, table in tables.items():
        if provider not in UNITS:
            mistakes.append(
                f"{'.'.join(PATH)}.{provider}: no such provider; there is {', '.join(UNITS)}."
                f"{did_you_mean(provider, UNITS)}"
            )
            continue
        for name, value in table.items():
            setting = f"{'.'.join(PATH)}.{provider}.{name}"
            if name not in names(provider):
                mistakes.append(
                    f"{setting}: no such cap; {provider} has {', '.join(names(provider))}."
                    f"{did_you_mean(name, names(provider))}"
                )
            elif (amount := _amount(value)) is None:
                mistakes.append(f"{setting}: {value!r} is not accepted: write a number, 0 or more")
            else:
                scope = Scope(name.rpartition("_")[2])
                found.append(Cap(setting, scope, UNITS[provider], hundredths(amount), provider))
    if mistakes:
        raise ConfigurationError("\n".join(mistakes))
    return found


def hundredths(amount: float) -> int:
    """An amount in whole units as the ledger counts it, never more than was written."""
    return int(amount * 100 + 1e-6)


def _amount(value: object) -> float | None:
    """A number from a file, or a text from the environment; None where it is no amount."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = float(value)
    except (ValueError, OverflowError):
        return None
    return amount if 0 <= amount < float("inf") else None
