"""Clodura and Sixtyfour keep the contract of a provider, and so does the vendor of docs/guides/add-a-provider.md."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import pytest

import sources
from sources.providers import Channel, Person, Via
from tests.contracts.provider_contract import Case, ProviderContract
from tests.support import guide

JOB = "65f1c0ffee65f1c0ffee0001"
ANN = Person("p1", True, "Ann", "Lee", company_domain="acme.com", organization_name="Acme")
NOBODY = Person("p2", False, "Ann")


def clodura(channel: Channel, field: str, value: str, masked: str) -> Case:
    """A reveal. The answer to its submit is a receipt: nothing in it is an end."""
    found = {"trackingId": JOB, "status": "success", "personId": "p1", field: value, "provider": "Hunter"}
    missed = {"provider": "Hunter", "status": "not found", field: None}
    return Case(
        channel=channel,
        person=ANN,
        too_little=(NOBODY,),
        job=JOB,
        accepted={"trackingId": JOB, "message": "the result is posted when it is there"},
        pending=({"trackingId": JOB, "status": "In-progress"}, {"trackingId": JOB, "status": "Pending"}, {}),
        found=(found,),
        value=value,
        not_found=({"trackingId": JOB, "status": "not found"}, {"trackingId": JOB, "providers": [missed]}),
        failed=({"trackingId": JOB, "status": "failed"},),
        unreadable=({"trackingId": JOB, "status": "success", field: masked},),
        foreign=({**found, "personId": "2389402640191586304"}, {**found, "trackingId": "65f1c0ffee65f1c0ffee0002"}),
        wrong=({}, {"personId": ""}, {"personId": []}, {"personId": "p1", "colour": "scarlet"}),
        ways=(Via.WEBHOOK, Via.POLL),
    )


class TestClodura(ProviderContract):
    vendor = "clodura"
    account = {"credits": 100}
    cases = (
        clodura(Channel.EMAIL, "email", "ann@acme.com", "a***@acme.com"),
        clodura(Channel.PHONE, "phone", "+1 555 123 4567", "+1 555 1XX XXX7"),
    )


@pytest.mark.thorough
class TestCloduraStandard(TestClodura):
    options = {"plan": "standard"}


def sixtyfour(channel: Channel, found: dict[str, object], value: str, nothing: dict[str, object]) -> Case:
    """A job, and what stands in its result."""

    def ended(result: object, **more: object) -> dict[str, object]:
        return {"status": "completed", "id": JOB, "result": result, **more}

    return Case(
        channel=channel,
        person=ANN,
        too_little=(NOBODY, Person("p3", True, "Ann", "Lee")),
        job=JOB,
        accepted={"task_id": JOB, "status": "RUNNING"},
        pending=({"id": JOB, "status": "running"}, {"status": "queued"}, {}),
        found=(ended(found), ended([{"name": "Ann Lee", **found}], charge_amount=5)),
        value=value,
        not_found=(ended(nothing), ended([nothing])),
        failed=({"id": JOB, "status": "failed"}, {"id": JOB, "status": "timed_out"}),
        unreadable=(ended("done"), ended([])),
        foreign=({**ended(found), "id": "65f1c0ffee65f1c0ffee0002"},),
        wrong=({}, {"lead": {}}, {"lead": "Somebody"}, {"lead": {"name": "Ann Lee"}, "colour": "scarlet"}),
    )


class TestSixtyfour(ProviderContract):
    vendor = "sixtyfour"
    account = {"credits": 100}
    cases = (
        sixtyfour(Channel.EMAIL, {"email": [["ann@acme.com", "OK", "COMPANY"]]}, "ann@acme.com", {"email": []}),
        sixtyfour(Channel.PHONE, {"phone": "+1 555 123 4567"}, "+1 555 123 4567", {"phone": ""}),
    )


@pytest.mark.thorough
class TestSixtyfourPersonal(TestSixtyfour):
    options = {"mode": "PERSONAL"}


_written = TemporaryDirectory()


def _of_the_guide(path: str) -> ModuleType:
    """A file of the guide, with the folder of its vendor beside those of the others."""
    folder = Path(_written.name)
    guide.write(folder, "")
    sources.__path__.append(str(folder / "sources"))
    spec = importlib.util.spec_from_file_location("test_of_the_guide", folder / path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TestOfTheGuide = _of_the_guide("tests/contracts/test_rolodex_provider.py").TestRolodex
