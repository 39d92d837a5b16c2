"""`leadsync` inside of the test's own process: for many short runs, of which each would cost a second to start."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from unittest import mock

import pytest

from pipelines.cli import main
from tests.support.logged import logging_restored
from tests.support.project import Finished


def leadsync(
    capture: pytest.CaptureFixture[str], folder: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> Finished:
    """Run a command in a folder to its end. ``env`` is added to the environment."""
    capture.readouterr()
    # a run looks through what it has made itself, and not through all the tests there are
    gc.freeze()
    ours = mock.patch("pipelines.sync.seldom_collected", nullcontext)
    with logging_restored(), _environment(env or {}), _at(folder), ours:
        before, sys.argv = sys.argv, ["leadsync", *arguments]
        try:
            main()
            code: object = 0
        except SystemExit as ended:
            code = ended.code
        finally:
            sys.argv = before
    out, err = capture.readouterr()
    return Finished(int(str(code or 0)), out, err)


@contextmanager
def _environment(env: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in env}
    os.environ.update(env)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _at(folder: Path) -> Iterator[None]:
    """dlt keeps what it has read of the folder where it was asked first."""
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    def forget() -> None:
        if PluggableRunContext in Container():
            del Container()[PluggableRunContext]

    before = Path.cwd()
    os.chdir(folder)
    forget()
    try:
        yield
    finally:
        os.chdir(before)
        forget()
