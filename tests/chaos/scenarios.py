"""Kinds of runs whose moments are tried: what the vendor does, what the settings say, what a run's end is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sandbox import Server
from tests.chaos import points
from tests.support.compared import HANGS_ON, Held
from tests.support.project import BOTH, Project

PEOPLE, SEED, MOST = 30, 3, 4
#: at two vendors, of which one takes many people in a request, and how many more each run of a chain is for
PEOPLE_OF_TWO, MORE_OF_TWO = 45, 5
DIED = 137

RECORD = """
import os
from sources import crashpoints
places = os.open("moments.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
crashpoints.arm(lambda name: os.write(places, f"{name}\\n".encode()))
"""
DIE = """
import os
from sources import crashpoints
left = [%d]
def watch(name):
    if name == %r:
        left[0] -= 1
        if left[0] == 0:
            os._exit(137)
crashpoints.arm(watch)
"""
#: Ctrl-C while calls wait for their turn
_INTERRUPT = """
import os, signal
from sources import crashpoints
then, told = crashpoints._watcher, []
def watch(name):
    if name == "ledger.after:sending.Sender._answered":
        told.append(name)
        if len(told) == 3:
            os.kill(os.getpid(), signal.SIGINT)
    then(name)
crashpoints.arm(watch)
"""


@dataclass(frozen=True)
class Scenario:
    """A kind of run: what the vendor does, what the settings say, what a run's end is."""

    behaviour: Mapping[str, Any]
    moments: list[str]
    settings: dict[str, Any]
    #: limits on requests
    clodura: dict[str, Any] | None = None
    #: whether the folder is empty; else its tables are made already
    new: bool = False
    prelude: str = ""
    arguments: tuple[str, ...] = ()
    #: whether each run is for some more people than the one before; else all are for everybody
    limited: bool = True
    #: how a run that dies before all this begins
    preceded_by: str = ""
    exit_code: int = 0
    people: int = PEOPLE
    #: how many more people each run of a chain is for
    more: int = 2
    #: settings of a second vendor, where there is one
    sixtyfour: dict[str, Any] | None = None
    hangs_on: Held = field(default_factory=lambda: HANGS_ON)
    #: how the run ends that goes on to the end, unless what it would end so for is in doubt
    end: int = 0
    #: whether its chains are left to `make thorough`
    thorough: bool = False

    @property
    def verifies(self) -> bool:
        """Whether addresses are verified as they are bought."""
        return "verify" in self.settings["enrichment"]

    def start(self, vendor: Server, folder: Path) -> Project:
        """A new folder and empty books."""
        vendor.reset(people=self.people, seed=SEED, behaviour=self.behaviour)
        project = Project(folder, vendor)
        project.configure(clodura=self.clodura, sixtyfour=self.sixtyfour, **self.settings)
        if self.preceded_by:
            assert project.run("sync", "--json", prelude=self.preceded_by).exit_code == DIED
        return project


_FAULTS = [
    {"operation": "reveal_email", "fault": "429", "nth": [3]},
    {"operation": "reveal_phone", "fault": "503_after", "nth": [2]},
]
_BUYING = {"verify": "all", "max_unanswered": MOST}
_BUSY_VENDOR: Mapping[str, Any] = {
    "job_seconds": 0.05, "verify_seconds": 0.05, "verify_finish": "queued", "faults": _FAULTS
}  # fmt: skip
#: the second vendor is asked first for addresses, and for all numbers, as the first one has none to sell
_TWO_VENDORS = Scenario(
    {
        "job_seconds": 0.05,
        "sixtyfour_job_seconds": 0.05,
        "sixtyfour_rate_limit": 0,
        "sixtyfour_bulk_order": "shuffled",
        "faults": [{"operation": "reveal_phone", "fault": "403"}],
    },
    points.TWO_VENDORS,
    {"enrichment": {**BOTH, "email_providers": ["sixtyfour", "clodura"], "max_unanswered": MOST}},
    people=PEOPLE_OF_TWO,
    more=MORE_OF_TWO,
    sixtyfour={},
    hangs_on={"find_email": ("reveal_email",), "find_phone": ("reveal_phone",), "reveal_phone": ("find_phone",)},
    exit_code=1,
    end=1,
)
_COUNTED = {"rate_limits": ["5000/second", "100000/minute"]}
SCENARIOS = {
    "webhooks": Scenario(_BUSY_VENDOR, points.WEBHOOKS, {"enrichment": _BUYING}, _COUNTED),
    "polling": Scenario(
        {"job_seconds": 0.02, "verify_seconds": 0.02, "faults": _FAULTS[:1]},
        points.POLLING,
        {"enrichment": {**_BUYING, "poll_interval": 0.1}, "webhook": {"mode": "poll"}},
    ),
    "interrupted": Scenario(
        {"job_seconds": 0.05},
        points.INTERRUPTED,
        {"enrichment": {"max_unanswered": MOST}},
        {"rate_limits": ["2/second"]},
        prelude=_INTERRUPT,
        exit_code=3,
        limited=False,  # more is claimed than may leave, however slow we are
    ),
    "hurried": Scenario(
        {"job_seconds": 0.6},
        points.HURRIED,
        {"enrichment": {"max_unanswered": MOST}},
        arguments=("--wait", "0.1s"),
        exit_code=3,
    ),
    "flushing": Scenario(  # rows are loaded while their calls are under way
        {"job_seconds": 0.8},
        points.FLUSHING,
        {"enrichment": {"max_unanswered": MOST, "flush_every": 0.4}},
    ),
    "new": Scenario(
        {"job_seconds": 0.05}, points.NEW, {"enrichment": {"max_unanswered": MOST}}, new=True, limited=False
    ),
    "resumed": Scenario(
        _BUSY_VENDOR,
        points.RESUMED,
        {"enrichment": _BUYING},
        _COUNTED,
        limited=False,
        preceded_by=DIE % (3, "submit.after:reveal_email"),
    ),
    "two vendors": _TWO_VENDORS,
    "between two": replace(_TWO_VENDORS, moments=points.BETWEEN_TWO, thorough=True),
}
