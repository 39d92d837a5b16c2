"""Request bodies, checked as the published schema says, and the errors of the check as its framework writes them.

Schemas: FindEmailRequest, FindEmailBulkRequest, FindPhoneRequest, FindPhoneBulkRequest, RollRequest in the vendor's
openapi.json. What the schema leaves open (no required keys in a lead, no bound on leads) is checked where it is used.
Loaded at the first call: pydantic would take a third of the time in which the sandbox starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeVar

import orjson
from pydantic import BaseModel, Field, HttpUrl, TypeAdapter, ValidationError

from sandbox.sixtyfour.errors import Refusal
from sandbox.sixtyfour.values import Mode, Operation
from sandbox.sixtyfour.wanted import CostUnits, Wanted

_UNITS: Final[TypeAdapter[CostUnits]] = TypeAdapter(CostUnits)


class _Search(BaseModel):
    providers: list[str] | None = None
    webhook_url: HttpUrl | None = None

    @property
    def wanted(self) -> tuple[Mode, bool]:
        """The mode, and whether addresses are verified: of telephone numbers neither can be chosen."""
        return "PROFESSIONAL", True

    @property
    def all_leads(self) -> Sequence[dict[str, Any]]:
        """The leads of the request."""
        raise NotImplementedError


class _EmailSearch(_Search):
    mode: Mode = "PROFESSIONAL"
    verify_emails: bool = True

    @property
    def wanted(self) -> tuple[Mode, bool]:
        """As the body says."""
        return self.mode, self.verify_emails


class FindEmailRequest(_EmailSearch):
    """Body of /find-email and /find-email-async."""

    lead: dict[str, Any]

    @property
    def all_leads(self) -> Sequence[dict[str, Any]]:
        """The one."""
        return [self.lead]


class FindEmailBulkRequest(_EmailSearch):
    """Body of /find-email-bulk and /find-email-bulk-async."""

    leads: list[dict[str, Any]]

    @property
    def all_leads(self) -> Sequence[dict[str, Any]]:
        """All of them."""
        return self.leads


class FindPhoneRequest(_Search):
    """Body of /find-phone and /find-phone-async."""

    lead: dict[str, Any]

    @property
    def all_leads(self) -> Sequence[dict[str, Any]]:
        """The one."""
        return [self.lead]


class FindPhoneBulkRequest(_Search):
    """Body of /find-phone-bulk and /find-phone-bulk-async."""

    leads: list[dict[str, Any]]

    @property
    def all_leads(self) -> Sequence[dict[str, Any]]:
        """All of them."""
        return self.leads


class RollRequest(BaseModel):
    """Body of /webhooks/signing-secret/roll."""

    expire_overlap_hours: Annotated[int, Field(ge=0, le=72)] = 24


_MODELS: Final[dict[tuple[Operation, bool], type[_Search]]] = {
    ("find_email", False): FindEmailRequest,
    ("find_email", True): FindEmailBulkRequest,
    ("find_phone", False): FindPhoneRequest,
    ("find_phone", True): FindPhoneBulkRequest,
}
"""By operation, and whether of many leads."""


def read_wanted(operation: Operation, bulk: bool, raw: bytes) -> Wanted:
    """The body of one of the eight calls. Raises Refusal with 422."""
    request = read(_MODELS[operation, bulk], raw)
    mode, verify = request.wanted
    url = None if request.webhook_url is None else str(request.webhook_url)
    return Wanted(operation, bulk, request.all_leads, mode, verify, tuple(request.providers or ()), url)


_Model = TypeVar("_Model", bound=BaseModel)


def read(model: type[_Model], raw: bytes) -> _Model:
    """``raw`` as that model. Raises Refusal with 422."""
    if not raw:
        raise Refusal(422, errors=[{"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}])
    try:
        return model.model_validate(orjson.loads(raw), from_attributes=True)
    except orjson.JSONDecodeError as error:
        place, why = ["body", error.pos], {"error": error.msg}
        entry = {"type": "json_invalid", "loc": place, "msg": "JSON decode error", "input": {}, "ctx": why}
        raise Refusal(422, errors=[entry]) from error
    except ValidationError as error:
        raise Refusal(422, errors=_entries(error, "body")) from error


def read_units(value: str) -> CostUnits:
    """The cost_units of a query. Raises Refusal with 422."""
    try:
        return _UNITS.validate_python(value)
    except ValidationError as error:
        raise Refusal(422, errors=_entries(error, "query", "cost_units")) from error


def _entries(error: ValidationError, *where: str) -> list[dict[str, Any]]:
    """The errors with the place in the request in front, as the framework gives them."""
    return [{**entry, "loc": [*where, *entry["loc"]]} for entry in error.errors(include_url=False)]
