"""Whether anybody can be asked for a person's address, and what would have to be known for that. Pure: a provider says
itself whom it can be asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sources.providers import Channel, Person, Provider

#: what a user may add to what is known of a person, each tried with a value of its form
_MORE: dict[str, Any] = {"company_domain": "example.com", "linkedin_url": "https://www.linkedin.com/in/ada-lovelace"}


def lacking(providers: Iterable[Provider], person: Person) -> list[str] | None:
    """Fields of a person of which each would do to ask one of these for an address. None where one can be asked now.

    Empty: none of them can be asked, whatever is added.
    """
    asked = list(providers)
    if _askable(asked, person):
        return None
    tried = {name: replace(person, **{name: value}) for name, value in _MORE.items()}
    return [name for name, better in tried.items() if _askable(asked, better)]


def _askable(providers: Iterable[Provider], person: Person) -> bool:
    return any(provider.ask(Channel.EMAIL, person) is not None for provider in providers)
