"""The checks of what a user writes: each complaint names field, value and mend, and never shows a secret."""

from __future__ import annotations

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from sources.checking import complaints, one_of, parse_duration
from sources.nearest import did_you_mean, nearest
from sources.redaction import shown

SIZES = ("0 - 1", "11 - 50", "51 - 200", "10000+")


# Durations.


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (0, 0.0),
        (90, 90.0),
        (1.5, 1.5),
        ("90", 90.0),
        (" 90 ", 90.0),
        ("0.5", 0.5),
        ("500ms", 0.5),
        ("30s", 30.0),
        ("10m", 600.0),
        ("10 m", 600.0),
        ("10M", 600.0),
        ("1h30m", 5400.0),
        ("1h 30m", 5400.0),
        ("1d", 86_400.0),
        ("1.5h", 5400.0),
        ("1d1h1m1s1ms", 90_061.001),
    ],
)
def test_a_duration_is_seconds_or_a_text_with_units(written: object, seconds: float) -> None:
    assert parse_duration(written) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "written",
    ["", " ", "soon", "10 minutes", "m", "10m5", "5 10m", "1,5h", "1w", "-1", "-5m", "nan", "inf", "1e999", -1, -0.5,
     float("nan"), float("inf"), 10**400],
    ids=lambda written: repr(written)[:12],
)  # fmt: skip
def test_what_is_no_duration_is_refused_with_its_value(written: object) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        parse_duration(written)
    assert shown(written) in str(caught.value)
    assert "is not a duration" in str(caught.value)


@pytest.mark.parametrize("written", [True, False, None, [], {}])
def test_other_types_are_left_to_the_next_check(written: object) -> None:
    assert parse_duration(written) is written


@given(st.text(max_size=20) | st.from_regex(r"(\d{1,4}(\.\d+)?\s?(ms|s|m|h|d)\s?){1,4}x?"))
def test_no_text_breaks_the_reader_of_durations(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except PydanticCustomError:
        return
    assert isinstance(seconds, float)
    assert seconds >= 0


# One of a list.


@pytest.mark.parametrize("value", ["51 - 200", ["51 - 200"], ["0 - 1", "10000+"], [], None, 5, [5]])
def test_values_of_the_list_and_other_types_pass(value: object) -> None:
    assert TypeAdapter(Annotated[object, one_of(SIZES)]).validate_python(value) == value


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("51-200", "51 - 200"),
        ("51-100", "51 - 200"),
        ("10000 +", "10000+"),
        ("0_1", "0 - 1"),
        (["0 - 1", "11-50"], "11 - 50"),
    ],
)
def test_another_value_is_refused_with_the_nearest_right_one(value: object, meant: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Annotated[object, one_of(SIZES)]).validate_python(value)
    wrong = value if isinstance(value, str) else value[-1]  # type: ignore[index]
    (problem,) = caught.value.errors()
    assert problem["msg"] == f"{wrong!r} is not one of 0 - 1, 11 - 50, 51 - 200, 10000+. Did you mean {meant!r}?"


def test_every_wrong_value_of_a_list_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Annotated[object, one_of(("red", "green"))]).validate_python(["rad", "red", "quite another"])
    (problem,) = caught.value.errors()
    assert problem["msg"] == (
        "'rad' is not one of red, green. Did you mean 'red'? 'quite another' is not one of red, green."
    )


# Complaints.


class Sample(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    api_key: str = ""
    page_size: int = 1
    names: list[str] = []
    size: Annotated[str, one_of(SIZES)] = "0 - 1"
    on: bool = True
    share: float = 0.5
    needed: str


def complain(**values: object) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate(values)
    return complaints(caught.value, "a.b", list(Sample.model_fields), secret=("api_key",))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "a.b.needed: is missing"),
        ({"needed": 5}, "a.b.needed: 5 is not accepted: write a text in quotes"),
        ({"needed": "", "page_size": "x"}, "a.b.page_size: 'x' is not accepted: write a whole number"),
        ({"needed": "", "page_size": 1.5}, "a.b.page_size: 1.5 is not accepted: write a whole number"),
        ({"needed": "", "page_size": None}, "a.b.page_size: None is not accepted: write a whole number"),
        ({"needed": "", "share": "x"}, "a.b.share: 'x' is not accepted: write a number"),
        ({"needed": "", "share": []}, "a.b.share: [] is not accepted: write a number"),
        ({"needed": "", "on": "perhaps"}, "a.b.on: 'perhaps' is not accepted: write true or false"),
        ({"needed": "", "on": []}, "a.b.on: [] is not accepted: write true or false"),
        (
            {"needed": "", "names": "x"},
            'a.b.names: \'x\' is not accepted: write a list of texts, such as ["one", "another"]',
        ),
        ({"needed": "", "names": ["x", 5]}, "a.b.names: 5 is not accepted: write a text in quotes"),
        (
            {"needed": "", "size": "10,000+"},
            "a.b.size: '10,000+' is not one of 0 - 1, 11 - 50, 51 - 200, 10000+. Did you mean '10000+'?",
        ),
    ],
)
def test_a_complaint_names_field_value_and_mend(values: dict[str, object], said: str) -> None:
    assert complain(**values) == [said]


def test_all_mistakes_are_told_at_once() -> None:
    assert len(complain(page_size="x", names=[1, 2], on=7)) == 5


def test_the_value_of_a_secret_is_not_shown() -> None:
    (said,) = complain(needed="", api_key=5501)
    assert said == "a.b.api_key: the value is not accepted: write a text in quotes"


# The nearest word.


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("person_country", "person_country"),
        ("personCountry", "person_country"),
        ("Person-Country", "person_country"),
        ("person country", "person_country"),
        ("person_contry", "person_country"),
        ("persn_cuntry", "person_country"),
        ("seniorty", "seniority"),
        ("SENIORTY", "seniority"),
        ("xyz", None),
        ("", None),
    ],
)
def test_case_blanks_and_hyphens_do_not_count_and_typos_are_forgiven(word: str, found: str | None) -> None:
    assert nearest(word, ["seniority", "person_country", "person_city"]) == found


def test_the_question_is_put_only_where_there_is_something_near() -> None:
    assert did_you_mean("Inda", ["India", "Chad"]) == " Did you mean 'India'?"
    assert did_you_mean("Wakanda", ["India", "Chad"]) == ""
    assert did_you_mean("India", []) == ""


@given(st.text(max_size=30))
def test_no_word_breaks_the_search_for_the_nearest(word: str) -> None:
    assert nearest(word, ["India", "Chad"]) in (None, "India", "Chad")
