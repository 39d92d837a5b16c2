"""docs/reference/settings.md: every setting and every search filter, from the models that check them."""

from __future__ import annotations

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from enrichment.caps import Scope
from pipelines import provider_caps
from pipelines.configuration import SEARCHES
from pipelines.settings import SECTIONS
from scripts.reference import markdown
from scripts.reference.types import in_words
from sources.clodura.choices import Choices
from sources.clodura.filters import SearchFilters
from sources.settings import Section

INTRODUCTION = """\
A setting stands in `.dlt/config.toml`, a secret one in `.dlt/secrets.toml`, either may come from the environment, which
wins; so may any other of dlt's places (a vault). In TOML a section is a table:

```toml
[enrichment]
channels = ["email"]
give_up_after = "12h"
```

In the environment the same is `ENRICHMENT__CHANNELS='["email"]'` and `ENRICHMENT__GIVE_UP_AFTER=12h`: section and name
in capitals, two underscores between. A duration is a number of seconds or a text such as `"90s"`, `"10m"`, `"1h30m"`;
credits may be fractional. A wrong value ends the program with exit code 2 before anything is sent; a name that nobody
knows is warned of. Where a default is empty, there is none.
"""

SEARCHES_INTRODUCTION = """\
One table a search; its name is what `leadsync sync NAME` takes:

```toml
[sources.clodura.searches.founders]
seniority = ["Founder"]
person_country = ["India"]
```

In the environment a filter is `SOURCES__CLODURA__SEARCHES__NAME__FILTER`, and the search's name is then in small
letters. A list may be written as a single value. Where "open" is said, values outside the vendor's list are sent and
warned of; other lists are checked. All filters of a search hold together; within a list one of its values is enough
(usual, though the vendor does not say so). Three settings beside the filters are not sent: they say how often and how
the search is read ([what each costs and loses](../guides/search.md#what-it-costs)).
"""


_SCOPES = {
    Scope.RUN: "by one run",
    Scope.DAY: "by all runs of a day",
    Scope.MONTH: "by all runs of a month",
    Scope.ANSWER: "for one answer: what may cost more there is not asked",
}

CAPS_INTRODUCTION = """\
One table a provider: caps on what is bought from it alone, in its own unit. They hold beside those over all providers:
whichever leaves least room decides. A provider or a name that does not exist ends the program with exit code 2: it
would bound nothing.

```toml
[enrichment.caps.clodura]
credits_per_month = 1000
```

In the environment the same is `ENRICHMENT__CAPS__CLODURA__CREDITS_PER_MONTH=1000`. Days and months are UTC.
"""


def page() -> str:
    """The page. LookupError where a field has no description."""
    parts = [INTRODUCTION]
    for model in SECTIONS.values():
        parts += [f"## [{'.'.join(model.path)}]", _section(model)]
        if model.path == provider_caps.PATH[:-1]:
            parts += [f"## [{'.'.join(provider_caps.PATH)}.PROVIDER]", CAPS_INTRODUCTION, _caps()]
    parts += [f"## [{'.'.join(SEARCHES)}.NAME]", SEARCHES_INTRODUCTION, _choices(), _filters()]
    return markdown.page("Settings", *parts)


def _section(model: type[Section]) -> str:
    rows = []
    for name, field in model.model_fields.items():
        variable = "__".join([*model.path, name]).upper()
        secret = "; secret" if name in model.secret else ""
        rows.append(
            [
                markdown.code(name),
                in_words(field) + secret,
                markdown.value(field.get_default(call_default_factory=True)),
                _described(model, name),
                markdown.code(variable),
            ]
        )
    return markdown.table(["setting", "type", "default", "what it does", "environment"], rows)


def _caps() -> str:
    rows = [
        [markdown.code(provider), markdown.code(name), "number, 0 or more", f"The most that is bought there {scope}."]
        for provider in provider_caps.UNITS
        for name, scope in zip(provider_caps.names(provider), _SCOPES.values(), strict=True)
    ]
    return markdown.table(["provider", "setting", "type", "what it does"], rows)


def _choices() -> str:
    rows = [
        [
            markdown.code(name),
            in_words(field),
            markdown.value(field.get_default(call_default_factory=True)),
            _described(Choices, name),
        ]
        for name, field in Choices.model_fields.items()
    ]
    return markdown.table(["setting", "type", "default", "what it does"], rows)


def _filters() -> str:
    rows = [
        [
            markdown.code(name),
            in_words(field),
            _described(SearchFilters, name),
            markdown.code(field.alias or to_camel(name)),
        ]
        for name, field in SearchFilters.model_fields.items()
    ]
    return markdown.table(["filter", "type", "what it does", "the vendor's name"], rows)


def _described(model: type[BaseModel], name: str) -> str:
    text = model.model_fields[name].description
    if not text:
        raise LookupError(f"{model.__module__}.{model.__name__}.{name} has no docstring: write what it does below it")
    return text
