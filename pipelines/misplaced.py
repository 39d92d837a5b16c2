"""Settings that stand in the wrong place of a TOML file, where nothing would ever read them.

A cap under a misspelled section is no cap: that is a mistake. Of anything else there is a warning.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.settings import SECTIONS
from sources.errors import ConfigurationError
from sources.nearest import did_you_mean, nearest
from sources.redaction import shown_name
from sources.settings import Section

#: what else may stand beside our sections: dlt's own
_DLTS = ("runtime", "load", "normalize", "extract", "destination", "schema", "data_writer", "credentials", "progress")

Document = Mapping[str, Any]


def documents(providers: Iterable[Any]) -> list[tuple[str, Document]]:
    """(where, what it holds) of every TOML file that the providers read. They have proven readable before."""
    places = [Path(place) for provider in providers for place in provider.present_locations]
    return [(str(place), tomllib.loads(place.read_text(encoding="utf-8"))) for place in places if place.is_file()]


def check_tables(read: Sequence[tuple[str, Document]], paths: Iterable[tuple[str, ...]]) -> None:
    """ConfigurationError where something else stands in the place of a section."""
    for where, document in read:
        for path in paths:
            table: Any = document
            for depth, name in enumerate(path, 1):
                table = table.get(name)
                if table is None:
                    break
                if not isinstance(table, Mapping):
                    at = ".".join(path[:depth])
                    raise ConfigurationError(
                        f"{at}: {where} has a single value in the place of a table. Write [{'.'.join(path)}] on a line "
                        f"of its own, and its settings below it. Nothing was sent or bought."
                    )


@dataclass(frozen=True)
class Stray:
    """What is said of a name that nothing reads. ``bounds``: it was to bound what is spent, and bounds nothing."""

    text: str = field(repr=False)
    bounds: bool = False


#: how like a cap's name a name must be outside of the section where caps are: others may write there what they want
_VERY_LIKE = 0.85


def strays(read: Sequence[tuple[str, Document]], model: type[Section]) -> list[Stray]:
    """Names that look like this section, or like a setting of it outside of every section."""
    section = ".".join(model.path)
    ours = {one.path[0] for one in SECTIONS.values()}
    found = []
    for where, document in read:
        for name in document:
            if name in ours or name in _DLTS:
                continue
            bound = nearest(name, model.bounds, _VERY_LIKE)
            if name in model.model_fields or bound is not None:
                meant = "" if bound in (None, name) else f" as {bound}"
                said = f"{shown_name(name)} stands outside of every section and is ignored."
                found.append(Stray(f"{where}: {said} Move it to [{section}]{meant}.", bound is not None))
            elif nearest(name, [*ours, *_DLTS]) == model.path[0]:
                said = f"leadsync has no section [{shown_name(name)}], it is ignored."
                below = document[name] if isinstance(document[name], Mapping) else {}
                lost = any(nearest(key, model.bounds, _VERY_LIKE) for key in below)
                found.append(Stray(f"{where}: {said}{did_you_mean(name, ours)}", lost))
        beside = document.get(model.path[0]) if len(model.path) > 1 else None
        for name in beside if isinstance(beside, Mapping) else ():
            if name != model.path[1] and nearest(name, [model.path[1]]):
                said = f"leadsync has no section [{model.path[0]}.{shown_name(name)}], it is ignored."
                found.append(Stray(f"{where}: {said} Did you mean {section!r}?"))
    return found
