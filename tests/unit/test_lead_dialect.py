"""How a list is written is told by its first lines, and what is odd about it is not guessed away."""

from __future__ import annotations

import pytest

from pipelines.leads.dialect import Dialect, dialect_of, headings

NOTES = ["Notes:\n", '"When exporting your data, you may notice\n', 'that some of it is missing."\n', "\n"]


@pytest.mark.parametrize(
    ("lines", "dialect"),
    [
        (["a,b,c\n", "1,2,3\n"], Dialect(",")),
        (["a;b;c\r\n", "1,5;2;3\r\n"], Dialect(";")),
        (["a\tb\n", "1,1,1\t2\n"], Dialect("\t")),
        (["a|b\n", "1|2\n"], Dialect("|")),
        (['"a,x";b\n', '"1,2";2\n', "3;4\n"], Dialect(";")),
        (["a,b\n", '"x;y;z\n', '1;2;3",2\n'], Dialect(",")),
        (["linkedin_url\n", "https://example.com/a\n"], Dialect(",")),
        ([], Dialect(",")),
        (["\n", "\n"], Dialect(",")),
        (["sep=;\n", "a;b\n"], Dialect(";", 1)),
        (["sep=\t\n", "a\tb\n"], Dialect("\t", 1)),
        ([*NOTES, "a,b,c\n", "1,2,3\n", "4,5,6\n"], Dialect(",", 2)),
        # one row of too many cells makes it no list of one column
        (["a,b,c\n", "1,2,3\n", "1,2\n", "1,2,3,4\n"], Dialect(",")),
        # a heading that is too short is the heading all the same
        (["a,b\n", "1,2,3\n", "1,2,3\n"], Dialect(",")),
        (["a,b\n", '1,"2\n'], Dialect(",")),
    ],
)
def test_delimiter_and_place_of_the_heading(lines: list[str], dialect: Dialect) -> None:
    assert dialect_of(lines) == dialect


def test_a_file_that_says_so_is_delimited_by_tabs() -> None:
    assert dialect_of(["a,b,c\td\n", "1,2,3\t4\n"], tabs=True) == Dialect("\t")
    assert dialect_of(["a\n"], tabs=True) == Dialect("\t")


def test_headings_are_each_another() -> None:
    assert headings(["a", " a ", "", "b\nc", "a", ""]) == ("a", "a (2)", "column 3", "b c", "a (3)", "column 6")
