"""What may be shown of a text: our own words, a value a user wrote, and the words of others."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandbox.values.names import FIRST_NAMES, LAST_NAMES
from sources.redaction import NOT_SHOWN, Secrets, plain_words, redact, redact_typed, redact_url, shown
from sources.vocabulary import WORDS
from tests.support.canaries import BODIES, KEY, SENTENCE, assert_clean

MAC = "0123456789abcdef0123456789abcdef01234567"
REQUEST = "019a1b2c-7d3e-7123-8123-1234567890ab"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"posted to https://h.example/hooks/clodura/{REQUEST}/{MAC}.", f"posted to https://h.example/hooks/clodura/{REQUEST}/<mac>"),
        (f"/hooks/clodura/{REQUEST}/{MAC}?a=b", f"/hooks/clodura/{REQUEST}/<mac>?a=b"),
        ("postgresql://me:pass@host/db", "postgresql://<credentials>@host/db"),
        ("postgresql+psycopg://me:p@ss/word@host/db", "postgresql+psycopg://<credentials>@host/db"),
        ("md:leads?motherduck_token=eyJhbGci", "md:leads?motherduck_token=<secret>"),
        ('api_key = "abc"', 'api_key = "<secret>"'),
        ('{"api_key": "abc", "x": 1}', '{"api_key": "<secret>", "x": 1}'),
        ("password=abc&user=me", "password=<secret>&user=me"),
        ("X-API-KEY: abc", "X-API-KEY: <secret>"),
        ("Authorization: Bearer abc123", "Authorization: Bearer <secret>"),
        ("https://www.linkedin.com/in/kapil-k/?x=1 is known", "<profile> is known"),
        ("in.linkedin.com/in/kapil", "<profile>"),
        ("linkedin:kapil-k", "<profile>"),
        ("kapil%40clodura.ai", "<address>"),
        ("tel:+4915123456789", "tel:<number>"),
        ("call 0049 151 23456789", "call <number>"),
        ('"+91 98765 43210"', '"<number>"'),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_or_anybodys_data_is_masked(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "sources.clodura.api_key: missing. Put it into .dlt/secrets.toml under [sources.clodura].",
        "webhook.signing_key: the value is not accepted: it is too short, its least length is 16",
        "base_url: leave out user, password, query and fragment.",
        "cannot listen on 203.0.113.9:0, 192.168.100.200:8080 or 192.168.100.200",
        "2026-11-25 10:00:01, 2026-11-25T10:00:01.123456Z",
        f"request {REQUEST} of run {REQUEST}",
        "The ledger /home/me/2026-11-25/123456789012/ledger.db is closed.",
        "held in /usr/bin/python3.11 (PID 4194304)",
        "such as https://www.linkedin.com/in/name/ or name@example.com",
        "4,717 to 12,342 credits; 100 pages of 10,000",
        "SELECT * FROM crm.leads LIMIT 10",
    ],
)
def test_what_only_resembles_them_is_shown(text: str) -> None:
    assert redact(text) == text


def test_a_known_secret_is_masked_in_every_form_a_document_gives_it() -> None:
    secrets = Secrets()
    secrets.add(' s3cret/"key+ü ', "key")
    for form in (
        's3cret/"key+ü',
        json.dumps('s3cret/"key+ü'),
        quote('s3cret/"key+ü', safe=""),
        's3cret\\/\\"key+\\u00fc',
    ):
        assert "s3cret" not in secrets.mask(f"before {form} after"), form
        assert b"s3cret" not in secrets.mask_bytes(f"before {form} after".encode()), form
    assert secrets.mask('before s3cret/"key+ü after') == "before <key> after"
    assert repr(secrets) == "Secrets()"


def test_a_document_without_a_secret_is_still_the_json_it_was() -> None:
    secrets = Secrets()
    secrets.add('a"b\\c/déf')
    document = {"x": 'a"b\\c/déf', 'a"b\\c/déf': ['a"b\\c/déf']}
    for body in (json.dumps(document), json.dumps(document, ensure_ascii=False)):
        assert json.loads(secrets.mask_bytes(body.encode())) == {"x": "<secret>", "<secret>": ["<secret>"]}


def test_of_two_secrets_the_longer_is_masked_first_and_nothing_short_at_all() -> None:
    secrets = Secrets()
    for value in ("abcdef", "abcdef-ghijkl", "ab", "", None):
        secrets.add(value)
    assert secrets.mask("abcdef-ghijkl abcdef ab") == "<secret> <secret> ab"


@pytest.mark.parametrize(
    "value", ["prospect", 5, -0.5, ["email", "fax"], "10/fortnight", "http://api.clodura.ai", "Inda"]
)
def test_a_value_that_a_user_wrote_is_shown_to_him(value: object) -> None:
    assert shown(value) == repr(value)


@pytest.mark.parametrize(
    "value",
    [KEY, "sk_live_51H8abcdEFGH", "0123456789abcdef0123", "AbCdEfGhIjKlMnOpQrStUvWxYz", "kapil@clodura.ai",
     "https://me:pass@host/", "+49 151 23456789", 4915123456789, ["email", KEY], {"api_key": KEY},
     "https://www.linkedin.com/in/kapil/", "x y " * 100],
)  # fmt: skip
def test_not_where_it_may_be_a_secret_or_anybodys_data(value: object) -> None:
    assert shown(value) == NOT_SHOWN


def test_what_the_parser_repeats_of_the_command_line_holds_no_key_either() -> None:
    assert redact_typed(f"Got unexpected extra argument ({KEY})") == "Got unexpected extra argument (<not shown>)"
    assert (
        redact_typed("No such option: --max-search-credits-per-run") == "No such option: --max-search-credits-per-run"
    )


def test_a_key_in_the_path_of_a_url_is_not_shown() -> None:
    assert redact_url(f"https://api.clodura.ai/{KEY}") == "https://api.clodura.ai/<not shown>"
    assert redact_url("https://api.clodura.ai/api/v1") == "https://api.clodura.ai/api/v1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No Results found, may be you can tweak the filters.", "No Results found, may be you can tweak the filters."),
        ("companyDomain takes 10, has 11", "companyDomain takes 10, has 11"),
        ("  Rate\n limit   exceeded ", "Rate limit exceeded"),
        ("No e-mail for Kapil Khangaonkar of Pune", "No e-mail for … of …"),
        ("Error: Could not convert string 'Kapil' to INT32", "Error: Could not convert string '…' to INT32"),
        ('Catalog Error: Table "people" is of type View', 'Catalog Error: Table "people" is of type View'),
        ("'Kapil'", "'…'"),
        ("KAPIL kApil ｋａｐｉｌ Капил カピル 🧑", "…"),
        ("person 3597524184265130552", "person <number>"),
        ("98/765/43/21", "…/…/…/…"),
        ("12345", "…"),
        ("at 12:30", "at 12:30"),
        ("first_name isn't a column", "first_name isn't a column"),
        ("", ""),
    ],
)  # fmt: skip
def test_of_somebody_elses_words_those_of_errors_are_shown(text: str, expected: str) -> None:
    assert plain_words(text) == expected


def test_names_of_our_own_may_be_shown_besides() -> None:
    assert plain_words("crm.leads of Kapil", frozenset({"crm", "leads"})) == "crm.leads of …"


def test_an_endless_text_is_looked_at_in_part() -> None:
    assert len(plain_words("error " * 1_000_000)) < 5000


@pytest.mark.parametrize("body", BODIES)
def test_nothing_that_a_body_quotes_is_among_them(body: str) -> None:
    assert_clean(plain_words(BODIES[body].decode("utf-8", "replace")))


NAMES = sorted({text for name in (*FIRST_NAMES, *LAST_NAMES) for text in (name.shown, name.ascii) if text})
_PEOPLE = st.sampled_from(NAMES)


@given(
    first=_PEOPLE,
    last=_PEOPLE,
    spelled=st.sampled_from([str, str.lower, str.upper, str.title]),
    around=st.sampled_from(
        ["{}", "'{}'", "({})", "x_{}", "{}Id", "person-{}", "{}1", "“{}”", "no match for {}", "{}'s"]
    ),
)
@example("Will", "Grant", str.lower, "{}")
def test_nobodys_name_is_among_them_however_it_is_written(first, last, spelled, around) -> None:  # type: ignore[no-untyped-def]
    told = plain_words(around.format(spelled(f"{first} {last}"))).lower()
    for name in (first, last):
        assert name.lower() not in told.replace("no match for", "") or name.lower() in WORDS


def test_the_words_are_no_names() -> None:
    names = {name.lower() for name in NAMES}
    common = {"will", "mark", "grant", "bill", "rich", "frank", "art", "jack", "rose", "grace", "max", "chase", "drew"}
    assert not WORDS & (names | common)


@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_nothing_survives_wherever_it_stands(before: str, after: str) -> None:
    secrets = Secrets()
    secrets.add(KEY)
    assert_clean(plain_words(f"{before} {secrets.mask(SENTENCE)} {after}"))
