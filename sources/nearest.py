"""The nearest right word to a wrong one, for error messages: case, blanks and hyphens do not count, typos do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


def nearest(word: str, candidates: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The candidate that ``word`` most likely stands for, or None where none is near: as alike as ``cutoff``, of 1."""
    plain = {_plain(candidate): candidate for candidate in candidates}
    wanted = _plain(word)
    if wanted in plain:
        return plain[wanted]
    close = difflib.get_close_matches(wanted, plain, n=1, cutoff=cutoff)
    return plain[close[0]] if close else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """``" Did you mean 'x'?"``, or nothing."""
    found = nearest(word, candidates)
    return f" Did you mean {found!r}?" if found is not None else ""


def _plain(word: str) -> str:
    return re.sub(r"[\s_\-]+", "", word).casefold()
