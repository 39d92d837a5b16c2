"""docs/guides/enrich.md: the headings, cells and reasons that it tells of are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.leads.headings import meant
from pipelines.leads.lead import FIELDS, Lead, Reject, read_row

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "enrich.md").read_text(encoding="utf-8")
SAME = {name: name for name in FIELDS}


def cells(first: str) -> list[list[str]]:
    """The rows of the table whose heading begins so."""
    _, _, rest = TEXT.partition(f"| {first} | ")
    table = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table]


def test_the_headings_named_are_known_and_no_field_is_left_out() -> None:
    rows = cells("field")
    assert [row[0].strip("`") for row in rows] == list(FIELDS)
    for field, headings in rows:
        for heading in headings.split(", "):
            known = meant(heading)
            assert known is not None, heading
            assert known[0] == field.strip("`"), heading


@pytest.mark.parametrize("cell", re.findall("`([^`]+)`", cells("a cell")[0][0]))
def test_cells_that_are_nothing(cell: str) -> None:
    found = read_row(1, {"person_id": cell}, SAME)
    assert isinstance(found, Reject)
    assert found.reason.startswith("nobody is named")


def test_urls_and_websites_become_what_the_page_says() -> None:
    _, url, site, *_ = cells("a cell")
    found = read_row(1, {"linkedin_url": url[0].strip("`")}, SAME)
    assert isinstance(found, Lead)
    assert found.linkedin_url == url[1].strip("`")
    for written in re.findall("`([^`]+)`", site[0]):
        found = read_row(1, {"company_domain": written, "full_name": "Ada Lovelace"}, SAME)
        assert isinstance(found, Lead)
        assert found.company_domain == site[1].strip("`")


REASONS = [text for row in cells("reason") for text in re.findall("`([^`]+)`", row[0])]


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_on_the_page_is_one_that_the_code_gives(reason: str) -> None:
    folder = Path(__file__).resolve().parents[2] / "pipelines" / "leads"
    code = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    code = re.sub(r'"\n\s+f?"', "", code).replace("{LONGEST}", "500").replace("{kind}", "more")
    told = reason.removeprefix("person_id: ").removeprefix("linkedin_url: ").removeprefix("it is ")
    assert told in code
