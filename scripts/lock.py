"""requirements.lock: made anew from pyproject.toml, or checked against it (``--check``, offline).

The lock names no registry host (uv.lock and pylock files do), so it may be committed. Its first line holds a digest of
what it was resolved from: a dependency changed in pyproject.toml without `make lock` fails the check.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = ROOT / "pyproject.toml"
LOCK = ROOT / "requirements.lock"
MARK = "# resolved from the dependencies in pyproject.toml with digest "


def main(arguments: list[str]) -> int:
    """Make the lock, or check it."""
    if arguments == ["--check"]:
        problems = check(PYPROJECT.read_text(encoding="utf-8"), LOCK.read_text(encoding="utf-8"))
        for problem in problems:
            sys.stderr.write(f"requirements.lock: {problem}\n")
        return 1 if problems else 0
    options = (
        "--extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet".split()
    )
    command = [sys.executable, "-m", "uv", "pip", "compile", *options, "--output-file", str(LOCK), *arguments]
    subprocess.run([*command, str(PYPROJECT)], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    mark = MARK + digest(PYPROJECT.read_text(encoding="utf-8"))
    LOCK.write_text(f"{mark}\n{LOCK.read_text(encoding='utf-8')}", encoding="utf-8")
    return 0


def wanted(pyproject: str) -> list[str]:
    """Every direct requirement: the project's, its development extra's, the build's."""
    table = tomllib.loads(pyproject)
    project = table["project"]
    extras = [item for extra in project.get("optional-dependencies", {}).values() for item in extra]
    return sorted([*project["dependencies"], *extras, *table["build-system"]["requires"]])


def digest(pyproject: str) -> str:
    """Names what a lock is resolved from."""
    python = tomllib.loads(pyproject)["project"]["requires-python"]
    return hashlib.sha256(json.dumps([python, wanted(pyproject)]).encode()).hexdigest()[:32]


def check(pyproject: str, lock: str) -> list[str]:
    """What is wrong with a lock: out of step, unpinned, unhashed, or naming an address."""
    problems = []
    if not lock.startswith(MARK + digest(pyproject) + "\n"):
        problems.append("out of step with pyproject.toml: run `make lock`")
    if re.search(r"://|--(?:extra-)?index-url|--find-links", lock):
        problems.append("names an address: make it with `make lock`")
    entries = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^#.*\n", "", lock, flags=re.MULTILINE).strip())
    pins: dict[str, str] = {}
    for entry in entries:
        match = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", entry)
        if match is None or "--hash=sha256:" not in entry:
            problems.append(f"neither pinned nor hashed: {entry.splitlines()[0]}")
        else:
            pins[canonicalize_name(match[1])] = match[2]
    for text in wanted(pyproject):
        requirement = Requirement(text)
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None or not requirement.specifier.contains(pin, prereleases=True):
            problems.append(f"{text} is not satisfied by {pin or 'nothing'}: run `make lock`")
    return problems


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
