"""Which column holds which field: guessed of usual headings, or said by the user. Pure.

Errors name columns only where the first line of a list is known to be its heading: of a list without one it is the
first person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.leads.headings import meant, plain
from pipelines.leads.lead import FIELDS
from sources.errors import ConfigurationError
from sources.nearest import did_you_mean
from sources.redaction import looks_secret, redact, shown

#: columns that an error lists
_LISTED = 30
#: columns that may hold the vendor's ids, or numbers of the user's own
_IDS = ("personid",)
_WAYS = "linkedin_url, or first_name and last_name (or full_name) with company_domain, or person_id"


@dataclass(frozen=True)
class Choice:
    """Field -> column, and what the user should know of how it came about."""

    mapping: Mapping[str, str] = field(repr=False)
    notes: tuple[str, ...] = field(default=(), repr=False)


def guess(columns: Sequence[str], *, ours: bool = False) -> Choice:
    """Field -> column by usual headings. Exact headings beat those with words around them; a tie is told, not taken.

    ``ours``: the rows are of a table of leadsync's own, whose ``person_id`` is the vendor's.
    """
    found: dict[str, list[tuple[int, str]]] = {}
    connections = "connectedon" in map(plain, columns)  # LinkedIn's own export
    notes = []
    for column in columns:
        known = meant(column)
        if known is None and connections and plain(column) == "url":
            known = ("linkedin_url", 0)
        if known is None and plain(column) in _IDS:
            if ours:
                known = ("person_id", 0)
            else:
                notes.append(
                    f"{column}: it may hold Clodura's ids, or numbers of your own. If they are Clodura's, say "
                    f'--map person_id="{column}".'
                )
        if known is not None:
            found.setdefault(known[0], []).append((known[1], column))
    mapping = {}
    for name in FIELDS:
        if name not in found:
            continue
        best = min(rank for rank, _ in found[name])
        likely = [column for rank, column in found[name] if rank == best]
        if len(likely) == 1:
            mapping[name] = likely[0]
        else:
            notes.append(
                f"{name}: {' and '.join(map(repr, likely))} may both be meant, so neither is read. Say which: "
                f'--map {name}="{likely[0]}".'
            )
    return Choice(mapping, tuple(notes))


def chosen(columns: Sequence[str], flags: Sequence[str], *, ours: bool = False) -> Choice:
    """Field -> column: ``flags`` such as ``linkedin_url=LinkedIn Profile``, and guesses for what they leave open.

    ``field=`` leaves a field out. Raises `ConfigurationError` for a field or column that is not there, and where
    nobody would be named by the columns chosen.
    """
    said: dict[str, str | None] = {}
    headed = _is_heading(columns)
    for flag in flags:
        name, equals, wanted = (part.strip() for part in flag.partition("="))
        if not equals:
            raise ConfigurationError(f"--map: {shown(flag)} is not of the form field=column, such as {_EXAMPLE}")
        if name not in FIELDS:
            raise ConfigurationError(
                f"--map: {shown(name)} is no field; there are {', '.join(FIELDS)}.{did_you_mean(name, FIELDS)}"
            )
        if name in said:
            raise ConfigurationError(f"--map: {name} is given twice. Name one column for it.")
        column = _column(wanted, columns, headed) if wanted else None
        if column is not None and column in said.values():
            raise ConfigurationError(f"--map: {shown(wanted)} is named for two fields. A column holds one.")
        said[name] = column
    guessed = guess([column for column in columns if column not in said.values()], ours=ours)
    mapping = {name: column for name, column in (dict(guessed.mapping) | said).items() if column is not None}
    notes = tuple(note for note in guessed.notes if note.partition(":")[0] not in said)
    if "person_id" in said:
        notes = tuple(note for note in notes if "--map person_id=" not in note)
    if not _names_somebody(mapping):
        raise ConfigurationError(_nobody(columns, mapping, notes, headed or any(said.values())))
    return Choice({name: mapping[name] for name in FIELDS if name in mapping}, notes)


_EXAMPLE = '--map linkedin_url="LinkedIn Profile"'


def _column(wanted: str, columns: Sequence[str], headed: bool) -> str:
    if wanted in columns:
        return wanted
    same = [column for column in columns if plain(column) == plain(wanted)]
    if len(same) == 1:
        return same[0]
    there = [column for column in columns if not looks_secret(column)] if headed else []
    raise ConfigurationError(f"--map: there is no column {shown(wanted)}.{did_you_mean(wanted, there)}{_listed(there)}")


def _is_heading(columns: Sequence[str]) -> bool:
    """Whether these are headings for sure: one of them is a usual one, and none is anybody's address or profile."""
    usual = any(meant(column) is not None or plain(column) in _IDS for column in columns)
    return usual and not any(map(_somebody, columns))


def _somebody(column: str) -> bool:
    return redact(column) != column


def _listed(columns: Sequence[str]) -> str:
    if not columns:
        return ""
    more = f" and {len(columns) - _LISTED} more" if len(columns) > _LISTED else ""
    return f" There are {', '.join(map(repr, columns[:_LISTED]))}{more}."


def _names_somebody(mapping: Mapping[str, str]) -> bool:
    if "person_id" in mapping or "linkedin_url" in mapping:
        return True
    named = "full_name" in mapping or {"first_name", "last_name"} <= mapping.keys()
    return named and bool({"company_domain", "company_name", "email"} & mapping.keys())


def _nobody(columns: Sequence[str], mapping: Mapping[str, str], notes: Sequence[str], headed: bool) -> str:
    if not headed and any(map(_somebody, columns)):
        return (
            "The first line of the list looks like a person, not like headings. Put a line of headings above it, such "
            "as linkedin_url or first_name,last_name,company_domain."
        )
    read = f" Only {', '.join(mapping)} would be read." if mapping else ""
    there = _listed(columns) if headed else f" The list has {len(columns)} columns, none with a usual heading."
    told = " ".join(["", *notes])
    return f"The columns name nobody: needed are {_WAYS}.{read}{there}{told} Say what is what, such as {_EXAMPLE}."
