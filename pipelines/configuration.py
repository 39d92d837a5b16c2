"""Reading the settings through dlt's providers: environment, .dlt/secrets.toml, .dlt/config.toml, and any vault.

A setting that nobody knows is warned of, with the nearest one that exists. One that was to be a cap is a mistake: it
would bound nothing.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from enrichment.caps import Cap, Scope
from enrichment.storage import open_to_others
from pipelines import misplaced, provider_caps
from pipelines.settings import SECTIONS, Settings
from sources.checking import complaints
from sources.clodura.settings import CloduraSettings
from sources.errors import ConfigurationError
from sources.nearest import did_you_mean, nearest
from sources.redaction import plain_words, secrets, shown, shown_name
from sources.registry import VENDORS
from sources.settings import Section

#: where the searches of the one search vendor stand
SEARCHES = ("sources", "clodura", "searches")


@dataclass(frozen=True)
class Reading:
    """The settings as they were read. Those in ``wrong`` (dotted names) have their defaults: do not go by them."""

    settings: Settings
    mistakes: tuple[str, ...] = ()
    wrong: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()


def load_settings() -> tuple[Settings, list[str]]:
    """The settings of the current folder, and warnings. ConfigurationError names every wrong one."""
    reading = read_settings()
    if reading.mistakes:
        raise ConfigurationError("\n".join(reading.mistakes))
    return reading.settings, [*reading.warnings, *exposed()]


def exposed() -> list[str]:
    """Warnings of files with secrets that others may read: every one that dlt reads, in the folder or at home."""
    places = [Path(place) for provider in _providers() if provider.supports_secrets for place in _files(provider)]
    return [
        f"{place} can be read by other users of this machine, and it is where keys are. Close it: chmod 600 "
        f"{shlex.quote(str(place))}"
        for place in places
        if open_to_others(place)
    ]


def read_settings() -> Reading:
    """The settings of the current folder, as far as they can be read. ConfigurationError where no file can be."""
    providers = _providers()
    mistakes: list[str] = []
    warnings: list[str] = []
    wrong: set[str] = set()
    sections: dict[str, Section] = {}
    for name, model in SECTIONS.items():
        values = _values(providers, model, warnings)
        try:
            sections[name] = model.model_validate(values)
        except ValidationError as error:
            mistakes += complaints(error, ".".join(model.path), list(model.model_fields), model.secret)
            fields = {str(part) for problem in error.errors() for part in problem["loc"] if part in values}
            sections[name] = model.model_validate({key: values[key] for key in values if key not in fields})
            wrong |= {".".join((*model.path, field)) for field in fields}
        for stray in _unknown(providers, model):
            (mistakes if stray.bounds else warnings).append(stray.text)
            wrong |= {".".join((*model.path, bound)) for bound in model.bounds if stray.bounds}
    searches: dict[str, dict[str, Any]] = {}
    try:
        searches = _tables(providers, SEARCHES, "is no search", "filters")
    except ConfigurationError as error:
        mistakes.append(str(error))
        wrong.add(".".join(SEARCHES))
    caps: list[Cap] = []
    try:
        caps = provider_caps.parse_caps(_tables(providers, provider_caps.PATH, "are no caps", "caps"), os.environ)
    except ConfigurationError as error:
        mistakes.append(str(error))
        wrong.add(".".join(provider_caps.PATH))
    vendors = {name: sections.pop(name) for name in VENDORS if name != CloduraSettings.name}
    settings = Settings.model_validate(
        {
            **sections,
            "searches": searches,
            "caps": [cap for cap in caps if cap.scope is not Scope.ANSWER],
            "ceilings": {cap.provider: cap.amount for cap in caps if cap.scope is Scope.ANSWER},
            "vendors": vendors,
        }
    )
    return Reading(settings, tuple(mistakes), frozenset(wrong), tuple(warnings))


def _providers() -> list[Any]:
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.exceptions import ConfigProviderException
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    try:
        providers = list(Container()[PluggableRunContext].providers.providers)
    except ConfigProviderException as error:
        reason = " ".join(str(error).split()).rstrip(".")
        match = re.search(r"when loading (\S+) from paths .*?\]: (.*)", reason)
        where, what = match.groups() if match else ("a file", reason)
        wrong = error.__cause__ or error.__context__
        if isinstance(wrong, OSError):
            said, mend = f"cannot be opened ({wrong.strerror})", "Make it a file that you may read."
        elif isinstance(wrong, UnicodeDecodeError):
            said, mend = "is no text in UTF-8", "Save it as UTF-8."
        else:  # the line may hold a key, of which the reader of TOML shows what it did not expect
            said, mend = f"is no good TOML ({plain_words(what)})", "Mend the line that it names."
        raise ConfigurationError(
            f"The settings cannot be read: .dlt/{where} {said}. Nothing was sent or bought. {mend}"
        ) from None
    sections = [*(model.path for model in SECTIONS.values()), SEARCHES, provider_caps.PATH]
    misplaced.check_tables(misplaced.documents(providers), sections)
    return providers


def _files(provider: Any) -> list[str]:
    return [place for place in provider.present_locations if Path(place).is_file()]


def _values(providers: list[Any], model: type[Section], warnings: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in model.model_fields:
        for provider in providers:
            value, key = provider.get_value(field, Any, None, *model.path)
            if value is None:
                continue
            if field in model.secret and not provider.supports_secrets:
                warnings.append(f"{key} stands in {provider.name}, which is no place for a secret: use secrets.toml.")
            if field in model.secret:
                secrets.add(str(value), "key" if field == "api_key" else "secret")
            found[field] = value
            break
    return found


def _unknown(providers: list[Any], model: type[Section]) -> list[misplaced.Stray]:
    known = [*model.model_fields, *model.below]
    written: dict[str, str] = {}
    for provider in providers:
        table, _ = provider.get_value(model.path[-1], Any, None, *model.path[:-1])
        if isinstance(table, Mapping):
            written |= {f"{'.'.join(model.path)}.{shown_name(name)}": name for name in table}
    prefix = "__".join(model.path).upper() + "__"
    for variable in os.environ:
        if variable.startswith(prefix):
            name = variable.removeprefix(prefix).split("__")[0].lower()
            written[shown_name(variable)] = name
    found = misplaced.strays(misplaced.documents(providers), model)
    for where, name in written.items():
        if name in known:
            continue
        bounds = nearest(name, known) in model.bounds
        what = "it looks like a cap, and would bound nothing" if bounds else "it is ignored"
        said = f"{where}: leadsync has no such setting, {what}.{did_you_mean(name, known)}"
        found.append(misplaced.Stray(said, bounds))
    return found


def _tables(providers: list[Any], path: tuple[str, ...], wrong: str, holds: str) -> dict[str, dict[str, Any]]:
    """The tables below a section, by name. ConfigurationError where something else stands there."""
    found: dict[str, dict[str, Any]] = {}
    section = ".".join(path)
    for provider in reversed(providers):
        tables, _ = provider.get_value(path[-1], Any, None, *path[:-1])
        for name, table in tables.items() if isinstance(tables, Mapping) else ():
            if not isinstance(table, Mapping):
                raise ConfigurationError(
                    f"{section}.{name}: {shown(table)} {wrong}. Write a table [{section}.{name}] with {holds} in it."
                )
            found.setdefault(str(name), {}).update(table)
    prefix = "__".join(path).upper() + "__"
    for variable, value in os.environ.items():
        parts = variable.removeprefix(prefix).lower().split("__")
        if variable.startswith(prefix) and len(parts) == 2:
            found.setdefault(parts[0], {})[parts[1]] = _from_environment(value)
    return found


def _from_environment(value: str) -> object:
    import json

    text = value.strip()
    if text.startswith("[") or text in ("true", "false"):
        try:
            return json.loads(text)
        except ValueError:
            return value
    return value
