"""The base of every vendor's paid requests: checked as the vendor would check them, before anything is sent."""

from __future__ import annotations

import re
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from sources.checking import complaints, wrong
from sources.errors import ConfigurationError
from sources.nearest import did_you_mean


class PaidRequest(BaseModel):
    """One paid request, frozen. Fields may be given under our names or, where they differ, the vendor's.

    A wrong one is a `ConfigurationError` however it is made: it names every wrong field, its value and the mend.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        populate_by_name=True,
        loc_by_alias=False,
        hide_input_in_errors=True,
    )
    #: what is bought, as errors call it
    operation: ClassVar[str]
    #: fields whose values no error shows
    secret: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **values: Any) -> None:
        fields = type(self).model_fields
        known = {*fields, *(str(field.alias) for field in fields.values())}
        mistakes = [
            f"{self.operation}.{name}: no such field.{did_you_mean(name, list(fields))}"
            for name in values
            if name not in known
        ]
        try:
            super().__init__(**{name: value for name, value in values.items() if name in known})
        except ValidationError as error:
            mistakes += complaints(error, self.operation, list(fields), self.secret)
        if mistakes:
            raise ConfigurationError("\n".join([*mistakes, "Nothing was sent."]))

    def body(self) -> dict[str, Any]:
        """The JSON body in the vendor's spelling; what is not set is left out."""
        return self.model_dump(by_alias=True, exclude_none=True)


def check_webhook_url(value: object) -> object:
    """A URL that a vendor can post to; the complaint does not show it, for its path is a secret."""
    if isinstance(value, str):
        try:
            parts = urlsplit(value)
            good = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            good = False
        if not good or re.search(r"\s", value):
            raise wrong("the value is not a URL: write it like https://hooks.example.com/answers")
    return value
