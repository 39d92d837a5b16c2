"""How a search is to be read, run after run, beside what it filters by.

A search shows everybody again each time, and the vendor may bill an export credit for whoever was viewed before. So it
is a choice how often that is worth it; what each costs is told in docs/guides/search.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from sources.checking import complaints, parse_duration
from sources.errors import ConfigurationError

DAY = 86_400.0

Seconds = Annotated[float, BeforeValidator(parse_duration), Field(ge=0)]


class Choices(BaseModel):
    """Settings of a search that are no filters."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True)

    new_only: bool = False
    """Between full scans ask only for people who were not viewed before (`exclude_viewed_people`), which costs nothing
    for those who were. They are kept up to date, and missed, by the full scans alone."""
    full_scan_every: Seconds = 30 * DAY
    """How long after the beginning of a full scan `new_only` makes the next one."""
    resume_within: Seconds = 7 * DAY
    """A scan that was interrupted goes on where it stopped for so long after it began; then it begins anew."""


FIELDS = tuple(Choices.model_fields)


def without_effect(settings: Mapping[str, Any], exclude_viewed: bool) -> list[str]:
    """Which of a search's choices change nothing beside the others, and why. ``exclude_viewed``: it leaves them out."""
    new_only = parse_choices("", settings).new_only
    found = []
    if new_only and exclude_viewed:
        found.append(
            "new_only: changes nothing beside exclude_viewed_people, which leaves out everybody viewed before each "
            "time. Without that one there is a full scan now and then."
        )
    if "full_scan_every" in settings and not new_only:
        found.append("full_scan_every: changes nothing without new_only: every scan is a full one.")
    return found


def parse_choices(name: str, settings: Mapping[str, Any]) -> Choices:
    """The choices among the settings of a search; ConfigurationError names what is wrong, and the mend."""
    try:
        return Choices.model_validate({field: value for field, value in settings.items() if field in FIELDS})
    except ValidationError as error:
        raise ConfigurationError("\n".join(complaints(error, f"sources.clodura.searches.{name}", FIELDS))) from None
