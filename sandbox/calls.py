"""A call between being read and being carried out: what every endpoint hands the application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sandbox.jobs import Fate
from sandbox.wire import Reply


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call that is ready to be carried out.

    ``person_id`` names whom it is about, where that is known; ``subject`` what, where it is not one person.
    """

    person_id: str | None
    run: Callable[[Fate], Awaitable[Reply]]
    subject: str | None = None
