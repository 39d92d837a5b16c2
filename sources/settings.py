"""What the settings of a vendor are made of: a section of the settings with checks, and the types of its values.

A vendor's folder has a ``settings.py`` with its own section; `sources.registry` finds it there. Numbers of time are
seconds, texts are durations ("10m").
"""

from __future__ import annotations

import json
from typing import Annotated, ClassVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from sources.checking import parse_duration, wrong
from sources.errors import ConfigurationError
from sources.limits import Window
from sources.redaction import shown
from sources.transport import check_base_url


def listed(value: object) -> object:
    """A list; from the environment also JSON, or texts with commas between."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            raise wrong(f'{shown(value)} is not a list: write it like ["a", "b"]') from None
    return [part.strip() for part in text.split(",") if part.strip()]


def _rates(value: object) -> object:
    for text in value if isinstance(value, list) else []:
        if isinstance(text, str):
            try:
                Window.parse(text)
            except ConfigurationError as error:
                raise wrong(str(error).removeprefix("rate_limits: ")) from None
    return value


def _base_url(value: object) -> object:
    if isinstance(value, str):
        try:
            return check_base_url(value)
        except ConfigurationError as error:
            raise wrong(str(error).removeprefix("base_url: ")) from None
    return value


Duration = Annotated[float, BeforeValidator(parse_duration)]
Listed = Annotated[list[str], BeforeValidator(listed)]
Credits = Annotated[float, Field(ge=0, allow_inf_nan=False)]


BaseUrl = Annotated[str, BeforeValidator(_base_url)]
RateLimits = Annotated[Listed, BeforeValidator(_rates), BeforeValidator(listed)]


class Section(BaseModel):
    """One table of the settings. ``secret`` fields are never shown; a field's docstring is its line in the docs."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True)
    path: ClassVar[tuple[str, ...]]
    secret: ClassVar[tuple[str, ...]] = ()
    #: names of tables below this one that are read elsewhere
    below: ClassVar[tuple[str, ...]] = ()
    #: of all these names, those that bound what is spent: a misspelled one is a mistake, for it would bound nothing
    bounds: ClassVar[tuple[str, ...]] = ()

    @field_validator("*", mode="before")
    @classmethod
    def _flags_for_flags_only(cls, value: object, info: ValidationInfo) -> object:
        """Pydantic would take true for the number 1."""
        hint = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and hint is not bool and bool not in get_args(hint):
            raise wrong(f"{str(value).lower()} is not accepted: this setting is neither on nor off")
        return value


class VendorSettings(Section):
    """[sources.VENDOR]: what every vendor has. ``unit`` is what it charges in, ``label`` how it writes its own name."""

    name: ClassVar[str]
    label: ClassVar[str]
    unit: ClassVar[str]
    secret: ClassVar[tuple[str, ...]] = ("api_key",)

    base_url: BaseUrl
    api_key: str | None = Field(default=None, repr=False)
    rate_limits: RateLimits
