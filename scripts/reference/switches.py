"""docs/reference/sandbox.md: the imitation's switches, from the questions they stand for."""

from __future__ import annotations

import inspect
import re
import textwrap
import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from sandbox import control
from sandbox.behaviour import Behaviour, Span, questions
from sandbox.behaviour_json import write_behaviour
from sandbox.faults import OPERATIONS, Fault, FaultRule
from sandbox.shifts import Shift
from scripts.reference import markdown

INTRODUCTION = """\
`leadsync sandbox` serves an imitation of the vendors' APIs on this machine, Clodura's at its root and Sixtyfour's below
`/sixtyfour`; `leadsync sync --sandbox` starts one for the length of a run. It shares no code with the client, and each
vendor charges by books of its own. What the documentation leaves open is a switch, with a default; so is what can go
wrong. `python -m sandbox` takes them as one JSON object, and a running sandbox takes changes:

```sh
python -m sandbox --port 8900 --behaviour '{"search_envelope": "people", "sixtyfour_webhook_copies": 2}'
curl -X POST http://127.0.0.1:8900/_sandbox/behaviour -d '{"webhook": false}'
```

Up to a million people are there (`--people`), and `--kind` says how they are spread over the values a search can filter
by: `usual`, about as in a real contact database; `skewed`, where one value of each filter holds `--top-share` of
everybody and `--unknown-share` have no value or one that no list has; `flat`, with one seniority each and as many
people of every seniority.
"""

SIXTYFOUR = """\
The same people, with what this vendor knows of them drawn apart from what Clodura knows. Of the switches above, those
about answers in general hold here too (`serves_api`, `not_entitled`, `refused_user_agents`, `retry_after`, `latency`,
`faults`, `silence_seconds`), and `webhook_any_host`.
"""

_PLAIN = {str: "text", bool: "true or false", int: "whole number", float: "number", FaultRule: "fault", Shift: "shift"}


def page() -> str:
    """The page."""
    return markdown.page(
        "The sandbox's switches",
        INTRODUCTION,
        "## Clodura, and answers in general",
        _table(sixtyfour=False),
        "## Sixtyfour",
        SIXTYFOUR,
        _table(sixtyfour=True),
        "## Faults",
        _wrapped("Each of `faults` is an object. " + _text(FaultRule)),
        _wrapped(f"OPERATIONS are {markdown.listed(OPERATIONS)}. {_text(Fault)}"),
        "## Shifting pages",
        _wrapped("Each of `search_shifts` is an object. " + _text(Shift)),
        "## Control",
        f"```text\n{inspect.getdoc(control)}\n```",
    )


def _table(*, sixtyfour: bool) -> str:
    """The switches of one vendor."""
    defaults = write_behaviour(Behaviour())
    hints = get_type_hints(Behaviour)
    rows = [
        [markdown.code(name), _words(hints[name]), markdown.value(_plain(defaults[name])), question]
        for name, question in questions().items()
        if name.startswith("sixtyfour_") == sixtyfour
    ]
    return markdown.table(["switch", "values", "default", "the question"], rows)


def _words(hint: Any) -> str:
    if hint == Span:
        return "seconds, or [least, most]"
    if get_origin(hint) is tuple:
        return f"list of {_PLAIN[get_args(hint)[0]]}s"
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join(_words(part) for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is Literal:
        return markdown.listed(map(str, get_args(hint)))
    if hint not in _PLAIN:
        raise LookupError(f"scripts/reference/switches.py has no words for the type {hint!r}")
    return _PLAIN[hint]


def _plain(value: Any) -> Any:
    """A span of one length as that number."""
    return value[0] if isinstance(value, tuple) and len(value) == 2 and value[0] == value[1] else value


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def _text(documented: type) -> str:
    text = " ".join((inspect.getdoc(documented) or "").split())
    return re.sub(r"``(.*?)``", r"`\1`", text)
