"""Signed webhooks of Sixtyfour: what is good, and that nothing else is."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.sixtyfour.signature import TOLERANCE, Verdict, verify

SECRET, OLD = "sk_whsec_" + "0123456789abcdef" * 4, "sk_whsec_" + "fedcba9876543210" * 4
AT = 1_760_000_000
BODY = (
    b'{"task_id":"550e8400-e29b-41d4-a716-446655440000","status":"completed","task_type":"find_email","result":'
    b'{"name":"John Doe","company":"Acme Inc","email":[["john.doe@acme.com","OK","COMPANY"]]}}'
)
V1 = "07250a202d660d4919b3ca762e77457813838654e78a5cf1bfe505572b9c2df6"
OLD_V1 = "1d45ea1cf8b80768ec1c5e346cdb08cce3b978514552a8d786a27a6ff475e40d"
HEADER = f"t={AT},v1={V1}"


def test_the_known_vector_is_good() -> None:
    assert verify([SECRET], HEADER, BODY, AT) is Verdict.GOOD
    assert verify([OLD], f"t={AT},v1={OLD_V1}", BODY, AT) is Verdict.GOOD


def test_a_secret_may_be_rolled_on_either_side_first() -> None:
    both = f"t={AT},v1={V1},v1={OLD_V1}"
    for header, secrets in [(both, [SECRET]), (both, [OLD]), (HEADER, [OLD, SECRET]), (both, [OLD, SECRET])]:
        assert verify(secrets, header, BODY, AT) is Verdict.GOOD
    assert verify([SECRET], f"t={AT},v1={OLD_V1}", BODY, AT) is Verdict.WRONG
    assert verify([OLD], HEADER, BODY, AT) is Verdict.WRONG


@pytest.mark.parametrize(
    ("off", "verdict"),
    [(0.0, "good"), (TOLERANCE, "good"), (-TOLERANCE, "good"), (TOLERANCE + 0.5, "stale"), (-TOLERANCE - 0.5, "stale")],
)
def test_it_may_be_five_minutes_off(off: float, verdict: str) -> None:
    assert TOLERANCE == 300
    assert verify([SECRET], HEADER, BODY, AT + off) == verdict
    assert verify([OLD], HEADER, BODY, AT + off) is Verdict.WRONG


@pytest.mark.parametrize(
    ("header", "verdict"),
    [
        (None, "missing"),
        ("", "missing"),
        ("  ", "missing"),
        ("x", "malformed"),
        (f"t={AT}", "malformed"),
        (f"v1={V1}", "malformed"),
        (f"t={AT},t={AT},v1={V1}", "malformed"),
        (f"t=,v1={V1}", "malformed"),
        (f"t=-{AT},v1={V1}", "malformed"),
        (f"t={AT}.0,v1={V1}", "malformed"),
        (f"t=\u0661,v1={V1}", "malformed"),
        (f"t={'9' * 5000},v1={V1}", "malformed"),
        (f"t={AT};v1={V1}", "malformed"),
        (f"t={AT},v1={V1},", "malformed"),
        (f"t={AT},v0={V1}", "malformed"),
        (f"t={AT},v1={V1.upper()}", "wrong"),
        (f"t={AT},v1=\u00e9", "wrong"),
        (f"t={AT},v1={V1[:-1]}", "wrong"),
        (f"t=0{AT},v1={V1}", "wrong"),
        (f"v2=abc,v1={V1}, t={AT}", "good"),
    ],
)
def test_a_header_that_is_none(header: str | None, verdict: str) -> None:
    assert verify([SECRET], header, BODY, AT) == verdict


def test_without_a_secret_nothing_signed_is_good() -> None:
    """Not even what was signed with an empty one."""
    empty = hmac.new(b"", f"{AT}.".encode() + BODY, "sha256").hexdigest()
    for secrets in ([], [""]):
        assert verify(secrets, HEADER, BODY, AT) is Verdict.WRONG
        assert verify(secrets, f"t={AT},v1={empty}", BODY, AT) is Verdict.WRONG


def flipped(text: bytes, position: int, bit: int) -> bytes:
    changed = bytearray(text)
    changed[position % len(text)] ^= 1 << bit
    return bytes(changed)


@settings(max_examples=200)
@given(st.integers(0, 10_000), st.integers(0, 7))
def test_no_flipped_bit_is_good_in_any_part(position: int, bit: int) -> None:
    assert verify([SECRET], HEADER, flipped(BODY, position, bit), AT) is Verdict.WRONG
    header = flipped(HEADER.encode(), position, bit).decode("latin-1")
    assert verify([SECRET], header, BODY, AT) is not Verdict.GOOD
    secret = flipped(SECRET.encode(), position, bit).decode("latin-1")
    assert verify([secret], HEADER, BODY, AT) is Verdict.WRONG


@settings(max_examples=100)
@given(st.text(max_size=60), st.binary(max_size=20), st.floats(0, 1e12))
def test_no_header_breaks_it(header: str, body: bytes, now: float) -> None:
    assert verify([SECRET], header, body, now) is not Verdict.GOOD
    assert verify([SECRET], f"t={AT},v1={header}", body, now) is not Verdict.GOOD
