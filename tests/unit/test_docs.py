"""docs/reference is made from the code: it picks up what is added, complains of what is unsaid, and is checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import duckdb
import pyarrow as pa
import pytest
import typer
from pydantic import Field

from destinations.duckdb import DuckDB
from enrichment.tables import TableSpec, column
from pipelines import views
from pipelines.loading import TABLES, Loader
from pipelines.settings import SECTIONS
from scripts import docs
from scripts.reference import commands, markdown, schema, settings
from sources.checking import one_of
from sources.clodura.choices import Choices
from sources.settings import Credits, Duration, Listed, Section


def test_the_pages_in_the_repository_are_what_the_code_makes() -> None:
    assert docs.check(docs.FOLDER, {name: make() for name, make in docs.PAGES.items()}) == []


def test_a_stale_a_missing_and_a_strange_page_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("old")
    (tmp_path / "c.md").write_text("whose?")
    a, b, c = docs.check(tmp_path, {"a.md": "new", "b.md": "new"})
    assert "a.md is out of step with the code: run `make docs`" in a
    assert "b.md is missing" in b
    assert "c.md is made by nothing" in c


def test_check_writes_nothing_and_tells_by_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "FOLDER", tmp_path)
    assert docs.main(["--check"]) == 1
    assert capsys.readouterr().err.count("run `make docs`") == len(docs.PAGES)
    assert list(tmp_path.iterdir()) == []
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
    assert docs.main(["--chekc"]) == 2


def test_the_width_of_the_terminal_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = commands.page()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERMINAL_WIDTH", "40")
    assert commands.page() == before


class _Fax(Section):
    """[fax]"""

    path: ClassVar[tuple[str, ...]] = ("fax",)
    secret: ClassVar[tuple[str, ...]] = ("pin",)

    pin: str | None = None
    """Four digits | no more."""
    speed: Annotated[int, Field(ge=1, le=9)] | None = 3
    """How fast."""
    wait: Annotated[Duration, Field(ge=0.5)] = 60.0
    """How long."""
    most: Credits | None = None
    """How much."""
    kinds: Annotated[Listed, one_of(("a", "b"))] = ["a"]
    """Which."""
    mode: Literal["loud", "quiet"] = "loud"
    """How loud."""
    plain: Annotated[bool, Field(description="Whether plain.")] = False


def test_a_setting_that_is_added_is_picked_up_with_type_default_and_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SECTIONS, "fax", _Fax)
    page = settings.page()
    for line in (
        "## [fax]",
        "| `pin` | text; secret |  | Four digits \\| no more. | `FAX__PIN` |",
        "| `speed` | whole number, 1 to 9 | `3` | How fast. | `FAX__SPEED` |",
        "| `wait` | duration, 0.5 or more | `60` | How long. | `FAX__WAIT` |",
        "| `most` | number, 0 or more |  | How much. | `FAX__MOST` |",
        '| `kinds` | list of `a`, `b` | `["a"]` | Which. | `FAX__KINDS` |',
        '| `mode` | `loud`, `quiet` | `"loud"` | How loud. | `FAX__MODE` |',
        "| `plain` | true or false | `false` | Whether plain. | `FAX__PLAIN` |",
    ):
        assert line in page.splitlines()


def test_the_settings_of_a_search_that_are_no_filters_are_listed_with_their_defaults() -> None:
    page = settings.page()
    for name, field in Choices.model_fields.items():
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        default = field.default
        assert f"`{str(default).lower() if isinstance(default, bool) else f'{default:.10g}'}`" in line
        assert "`" + name + "`" not in page.partition("| filter |")[2]


class _Silent(Section):
    """[silent]"""

    path: ClassVar[tuple[str, ...]] = ("silent",)
    loud: bool = False


def test_a_setting_that_does_not_say_what_it_does_fails_with_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(SECTIONS, "silent", _Silent)
    assert docs.main(["--check"]) == 1
    assert "_Silent.loud has no docstring" in capsys.readouterr().err


def test_a_command_that_is_added_is_picked_up_with_its_options() -> None:
    app = typer.Typer(help="A program.")

    @app.command("first")
    def first() -> None:
        """Does one thing."""

    @app.command("second")
    def second(
        names: Annotated[list[str] | None, typer.Argument(help="Which ones.")] = None,
        most: Annotated[int | None, typer.Option("--most", "-m", help="How many.")] = None,
        share: Annotated[float, typer.Option(help="What part.")] = 0.5,
        loud: Annotated[bool, typer.Option("--loud", help="Not quiet.")] = False,
    ) -> None:
        """Does another."""

    page = commands.page_of(app, "prog").splitlines()
    for line in (
        "## prog first",
        "Does one thing.",
        "prog second [OPTIONS] [NAMES...]",
        "| `[NAMES...]` |  | Which ones. |",
        "| `--most INTEGER`, `-m INTEGER` |  | How many. |",
        "| `--share NUMBER` | `0.5` | What part. |",
        "| `--loud` |  | Not quiet. |",
    ):
        assert line in page, line


def test_an_option_without_a_help_text_fails_with_its_name() -> None:
    app = typer.Typer(help="A program.")

    @app.command("first")
    def first(most: int = 3) -> None:
        """Does one thing."""

    @app.command("second")
    def second() -> None:
        """Does another."""

    with pytest.raises(LookupError, match="prog first --most"):
        commands.page_of(app, "prog")


def test_the_types_shown_are_those_that_loading_makes(tmp_path: Path) -> None:
    destination = DuckDB(tmp_path / "leads.duckdb", "crm")
    Loader(destination, "crm", tmp_path / "dlt").make_tables()
    destination.execute(views.statements("crm"))
    assert {spec.name for spec in schema.TABLES} == {spec.name for spec in TABLES}
    page = schema.page()
    with duckdb.connect(str(destination.path), read_only=True) as connection:
        for name in (*(spec.name for spec in TABLES), *views.NAMES):
            _, _, rest = page.partition(f"## {'view ' if name in views.NAMES else ''}{name}\n")
            section = rest.partition("\n## ")[0]
            shown = [line.split(" | ")[:2] for line in section.splitlines() if line.startswith("| `")]
            made = [
                row[:2] for row in connection.execute(f"DESCRIBE crm.{name}").fetchall() if row[0] != "_dlt_load_id"
            ]
            expected = [(column_name.strip("| `"), kind.strip(" |")) for column_name, kind in shown]
            assert sorted(expected) == sorted(made), name


def test_a_column_that_bears_anothers_key_is_a_reference() -> None:
    owner = TableSpec("owner", ("owner_id",), pa.schema([column("owner_id", pa.string(), key=True)]), "")
    fields = [column("pet_id", pa.string(), key=True), column("owner_id", pa.string()), column("name", pa.string())]
    pet = TableSpec("pet", ("pet_id",), pa.schema(fields), "")
    assert schema.references((owner, pet)) == [(pet, "owner_id", owner)]


def test_cells_stay_on_one_line_of_the_table() -> None:
    assert markdown.table(["a"], [["x | y\n z"]]).splitlines()[-1] == "| x \\| y z |"
