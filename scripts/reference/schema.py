"""docs/reference/schema.md: the tables and views of a dataset, from the schemas that rows are loaded by."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from enrichment.tables import ALL, TableSpec
from pipelines import views
from pipelines.tables import OURS
from scripts.reference import markdown

DATASET = "crm"
TABLES = (*OURS, *ALL)

INTRODUCTION = """\
Everything lies in one schema (`pipelines.dataset`, `crm` unless told otherwise). Amounts are integers of 1/100 of their
unit, times are UTC. Every table also has `_dlt_load_id`: which load wrote the row; tables whose name begins with `_dlt`
are dlt's own. Lists are JSON. Rows are merged on their keys.

A column that bears the key of another table names a row there. Nothing enforces it: a charge without a person (a
search) has no `person_id`, and a run that was killed has no row in `runs`.
"""


def page() -> str:
    """The page."""
    parts = [INTRODUCTION, "## How tables hang together", _diagram(TABLES)]
    for spec in TABLES:
        parts += [f"## {spec.name}", spec.description, _columns(spec)]
    parts.append("Views are made anew by every run; change a copy, not the view itself.")
    for name, columns in _views().items():
        parts += [f"## view {name}", views.DESCRIPTIONS[name], markdown.table(["column", "type"], columns)]
    return markdown.page("Tables and views", *parts)


def sql_type(kind: Any) -> str:
    """The DuckDB type of an Arrow column, as dlt makes it."""
    if pa.types.is_list(kind):
        return "JSON"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP WITH TIME ZONE"
    if pa.types.is_string(kind):
        return "VARCHAR"
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    if pa.types.is_floating(kind):
        return "DOUBLE"
    if pa.types.is_integer(kind):
        return "BIGINT"
    raise LookupError(f"scripts/reference/schema.py has no SQL type for {kind}")


def references(tables: tuple[TableSpec, ...]) -> list[tuple[TableSpec, str, TableSpec]]:
    """(table, column, the table whose one key that column bears)."""
    by_key = {spec.key[0]: spec for spec in tables if len(spec.key) == 1}
    return [
        (spec, column, by_key[column])
        for spec in tables
        for column in spec.schema.names
        if column in by_key and by_key[column] is not spec
    ]


def _diagram(tables: tuple[TableSpec, ...]) -> str:
    """Keys and references only; the tables below have all columns."""
    lines = ["erDiagram"]
    known = references(tables)
    for spec in tables:
        bears = {column for table, column, _ in known if table is spec}
        lines.append(f"    {spec.name} {{")
        for field in spec.schema:
            marks = [mark for mark, holds in (("PK", field.name in spec.key), ("FK", field.name in bears)) if holds]
            if marks:
                kind = sql_type(field.type).replace(" ", "_")
                lines.append(f"        {kind} {field.name} {', '.join(marks)}")
        lines.append("    }")
    for table, column, target in known:
        one = "|o" if table.schema.field(column).nullable else "||"
        lines.append(f"    {target.name} {one}--o{{ {table.name} : {column}")
    return "\n".join(["```mermaid", *lines, "```"])


def _columns(spec: TableSpec) -> str:
    bears = {column: target.name for table, column, target in references(TABLES) if table is spec}
    rows = [
        [
            markdown.code(field.name),
            sql_type(field.type),
            "key" if field.name in spec.key else "",
            markdown.code(bears.get(field.name, "")),
        ]
        for field in spec.schema
    ]
    return markdown.table(["column", "type", "", "names a row of"], rows)


def make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every table, with nothing in it."""
    connection.execute(f"CREATE SCHEMA {DATASET}")
    for spec in TABLES:
        columns = ", ".join(f'"{field.name}" {sql_type(field.type)}' for field in spec.schema)
        connection.execute(f"CREATE TABLE {DATASET}.{spec.name} ({columns})")


def _views() -> dict[str, list[list[str]]]:
    """The columns of each view, asked of a database with nothing in it."""
    with duckdb.connect() as connection:
        make_tables(connection)
        for statement in views.statements(DATASET):
            connection.execute(statement)
        described = {name: connection.execute(f"DESCRIBE {DATASET}.{name}").fetchall() for name in views.NAMES}
    return {name: [[markdown.code(row[0]), row[1]] for row in rows] for name, rows in described.items()}
