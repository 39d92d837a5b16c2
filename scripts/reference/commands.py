"""docs/reference/cli.md: every command, argument and option, from the command line itself."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import typer
import typer.core
import typer.main

from scripts.reference import markdown

INTRODUCTION = """\
stdout carries the result (one JSON object with `--json`), stderr the progress and the log. Exit codes: 0 done;
1 failed; 2 wrong usage or configuration; 3 stopped early, go on later ([what a scheduler makes of
them](../guides/schedule.md), [what each error means](../errors.md)). A command works in the folder it is run in.
"""

_TAKES = {str: "TEXT", int: "INTEGER", float: "NUMBER", Path: "PATH"}


def page() -> str:
    """The page of `leadsync`. LookupError where a command or an option does not say what it does."""
    from pipelines.cli import app

    return page_of(app, "leadsync")


def page_of(app: typer.Typer, name: str) -> str:
    """The page of any command line."""
    parts = [INTRODUCTION]
    for path, command in _commands(name, typer.main.get_command(app)):
        parts += [f"## {path}", _said(path, command.help), f"```\n{_usage(path, command)}\n```"]
        rows = [_row(path, command, option) for option in command.params if not option.hidden]
        if rows:
            parts.append(markdown.table(["argument or option", "default", "what it does"], rows))
    return markdown.page("Command line", *parts)


def _commands(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """A command and those below it, in the order in which `--help` shows them."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        if not below.hidden:
            yield from _commands(f"{path} {name}", below)


def _usage(path: str, command: Any) -> str:
    arguments = [_argument(option) for option in command.params if _is_argument(option)]
    below = ["COMMAND"] if hasattr(command, "commands") else []
    return " ".join([path, "[OPTIONS]", *arguments, *below])


def _row(path: str, command: Any, option: Any) -> list[str]:
    if _is_argument(option):
        name = markdown.code(_argument(option))
    else:
        takes = "" if option.is_flag else " " + (option.metavar or _takes(command, option))
        name = markdown.listed(spelling + takes for spelling in [*option.opts, *option.secondary_opts])
    shown = str(option.default) if isinstance(option.default, Path) else option.default
    default = "" if getattr(option, "is_flag", False) else markdown.value(shown)
    return [name, default, _said(f"{path} {option.opts[0]}", option.help)]


def _is_argument(option: Any) -> bool:
    return isinstance(option, typer.core.TyperArgument)


def _argument(option: Any) -> str:
    name = (option.metavar or option.name).upper()
    name += "..." if option.nargs == -1 else ""
    return name if option.required else f"[{name}]"


def _takes(command: Any, option: Any) -> str:
    hint = get_type_hints(inspect.unwrap(command.callback))[option.name]
    while get_origin(hint) in (Union, types.UnionType, list):
        hint = next(part for part in get_args(hint) if part is not type(None))
    return _TAKES.get(hint, "TEXT")


def _said(what: str, text: str | None) -> str:
    if not text:
        raise LookupError(f"`{what}` does not say what it does: give it a docstring or a help text")
    return " ".join(text.split())
