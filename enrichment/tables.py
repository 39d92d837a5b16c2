"""The tables that come out of the ledger, as Arrow schemas with what each column means.

Amounts are integers of 1/100 of ``unit`` ("credits"); times are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class TableSpec:
    """A table of the destination: its name, its key, its columns."""

    name: str
    key: tuple[str, ...]
    schema: Any
    description: str

    def table(self, rows: list[dict[str, Any]]) -> Any:
        """Rows as Arrow; times are microseconds since the epoch."""
        return pa.Table.from_pylist(rows, schema=self.schema)


def column(name: str, kind: Any, *, key: bool = False) -> Any:
    """A column; keys are never null."""
    return pa.field(name, kind, nullable=not key)


_text, _int, _flag, _texts = pa.string(), pa.int64(), pa.bool_(), pa.list_(pa.string())

EMAILS = TableSpec(
    "emails",
    ("person_id", "email"),
    pa.schema(
        [
            column("person_id", _text, key=True),
            column("email", _text, key=True),
            column("type", _text),
            column("status", _text),
            column("status_raw", _text),
            column("provider", _text),
            column("found_by", _text),
            column("providers", _texts),
            column("revealed_at", TIME),
            column("verified_at", TIME),
            column("former", _flag),
            column("call_id", _text),
        ]
    ),
    "E-mail addresses bought, one row a person and address. Of several answers that gave it the row is the one that "
    "knows most (not former, best status, then latest): provider is the vendor asked for it, found_by the provider "
    "inside its answer. providers are all vendors that ever gave the address, in the order they first did. status is "
    "the latest verdict, where the address was verified. former: the same vendor, asked again, found others instead.",
)

PHONES = TableSpec(
    "phones",
    ("person_id", "number"),
    pa.schema(
        [
            column("person_id", _text, key=True),
            column("number", _text, key=True),
            column("number_raw", _text),
            column("type", _text),
            column("country", _text),
            column("provider", _text),
            column("found_by", _text),
            column("providers", _texts),
            column("revealed_at", TIME),
            column("call_id", _text),
        ]
    ),
    "Phone numbers bought, in E.164; as the vendor wrote them where no country is known (country is null then). Of "
    "several answers that gave one the row is the one that knows most (a known type, then the latest); provider, "
    "found_by and providers are as in emails.",
)

EMAIL_VERIFICATIONS = TableSpec(
    "email_verifications",
    ("call_id",),
    pa.schema(
        [
            column("call_id", _text, key=True),
            column("email", _text),
            column("deep", _flag),
            column("status", _text),
            column("status_raw", _text),
            column("provider", _text),
            column("created_at", TIME),
        ]
    ),
    "Verdicts on addresses; the latest one of an address is its status in emails, too.",
)

WHOLE = "*"
"""The value, in `provider_results`, of the row that is a vendor's answer as a whole: no address, no number."""

PROVIDER_RESULTS = TableSpec(
    "provider_results",
    ("call_id", "provider", "value"),
    pa.schema(
        [
            column("call_id", _text, key=True),
            column("provider", _text, key=True),
            column("value", _text, key=True),
            column("hit", _flag),
            column("status_raw", _text),
            column("asked", _text),
            column("operation", _text),
            column("person_id", _text),
            column("outcome", _text),
            column("amount_min", _int),
            column("amount_max", _int),
            column("unit", _text),
            column("answered_at", TIME),
        ]
    ),
    "What came of each settled call for a contact. One row is the vendor's own: provider and asked both name it, "
    f"value is '{WHOLE}', hit says whether it found anything, and it alone tells how the call ended and what it cost "
    "(1/100 of unit, between amount_min and amount_max). The others are what each provider inside the answer said: "
    "value is an address or number, empty for a miss. A price is the whole answer's and cannot be split among them: "
    "they bear none, so that amounts may be summed over all rows of a unit.",
)

CREDIT_SPEND = TableSpec(
    "credit_spend",
    ("call_id", "kind"),
    pa.schema(
        [
            column("call_id", _text, key=True),
            column("kind", _text, key=True),
            column("provider", _text),
            column("operation", _text),
            column("person_id", _text),
            column("amount_min", _int),
            column("amount_max", _int),
            column("unit", _text),
            column("basis", _text),
            column("occurred_at", TIME),
            column("run_id", _text),
        ]
    ),
    "Every charge, and what open calls may still be charged: 1/100 of unit, between amount_min and amount_max.",
)

CALLS = TableSpec(
    "calls",
    ("call_id",),
    pa.schema(
        [
            column("call_id", _text, key=True),
            column("request_id", _text),
            column("provider", _text),
            column("operation", _text),
            column("person_id", _text),
            column("parameters", _text),
            column("epoch", _int),
            column("search", _text),
            column("state", _text),
            column("outcome", _text),
            column("tracking_id", _text),
            column("attempts", _int),
            column("reserved", _int),
            column("amount_min", _int),
            column("amount_max", _int),
            column("unit", _text),
            column("basis", _text),
            column("planned_at", TIME),
            column("reserved_at", TIME),
            column("sent_at", TIME),
            column("accepted_at", TIME),
            column("settled_at", TIME),
            column("updated_at", TIME),
            column("note", _text),
            column("run_id", _text),
            column("version", _int),
        ]
    ),
    "The ledger's calls without payloads: what was planned, sent, settled, and what it cost (1/100 of unit).",
)

PEOPLE_HISTORY = TableSpec(
    "people_history",
    ("person_id", "valid_from"),
    pa.schema(
        [
            column("person_id", _text, key=True),
            column("valid_from", TIME, key=True),
            column("valid_to", TIME),
            column("title", _text),
            column("seniority", _text),
            column("organization_id", _text),
            column("organization", _text),
        ]
    ),
    "Jobs that people had before the one in people, as searches showed them: from the first time it was seen to the "
    "first time another one was. organization is the employer's name at that time.",
)

ALL = (EMAILS, PHONES, EMAIL_VERIFICATIONS, PROVIDER_RESULTS, CREDIT_SPEND, CALLS, PEOPLE_HISTORY)
