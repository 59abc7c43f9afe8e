"""Rules 1 to 3: bytes, revisions and the ByteRange, against hand-made forgeries."""

from __future__ import annotations

import re

import pytest

from signing.gate import CHAIN, CRYPTO, RANGE, REVISION, UNREADABLE
from signing.structure import check_bytes
from simulators.ca_sign import sign
from tests.signing.desk import SEAL, USER, Desk

FORGED = {CRYPTO, CHAIN, RANGE, UNREADABLE, REVISION}


def patched(data: bytes, pattern: bytes, made: bytes) -> bytes:
    """Replace the last match by bytes of the same length."""
    found = list(re.finditer(pattern, data, re.DOTALL))[-1]
    assert len(made) <= found.end() - found.start()
    return data[: found.start()] + made.ljust(found.end() - found.start()) + data[found.end() :]


def gap(data: bytes) -> tuple[int, int]:
    numbers = re.findall(rb"/ByteRange ?\[ ?(\d+) (\d+) (\d+) (\d+)", data)[-1]
    return int(numbers[1]), int(numbers[2])


@pytest.mark.parametrize(
    "made", [b"/ByteRange [0 0 0 0]", b"/ByteRange [9 9 9 9]", b"/ByteRange null", b"/ByteRange []"]
)
def test_a_destroyed_byte_range_is_refused(desk: Desk, made: bytes) -> None:
    returned = patched(desk.wish().honest(), rb"/ByteRange ?\[[^\]]*\]", made)
    codes = desk.codes(returned)
    assert codes
    assert codes <= FORGED


def test_a_byte_range_that_ends_early_is_refused(desk: Desk) -> None:
    honest = desk.wish().honest()
    start, end = gap(honest)
    rest = len(honest) - end
    returned = patched(honest, rb"/ByteRange ?\[[^\]]*\]", b"/ByteRange [0 %d %d %d]" % (start, end, rest - 1))
    assert RANGE in desk.codes(returned)


def test_a_byte_range_with_a_wider_gap_is_refused(desk: Desk) -> None:
    honest = desk.wish().honest()
    start, end = gap(honest)
    made = b"/ByteRange [0 %d %d %d]" % (start - 5, end, len(honest) - end)
    assert RANGE in desk.codes(patched(honest, rb"/ByteRange ?\[[^\]]*\]", made))


def test_empty_contents_are_refused(desk: Desk) -> None:
    honest = desk.wish().honest()
    start, end = gap(honest)
    returned = honest[: start + 1] + b"0" * (end - start - 2) + honest[end - 1 :]
    assert desk.codes(returned) <= FORGED
    assert desk.codes(returned)


def test_bytes_after_the_signature_in_contents_are_refused(desk: Desk) -> None:
    honest = desk.wish().honest()
    _, end = gap(honest)
    assert desk.codes(honest[: end - 3] + b"FF" + honest[end - 1 :]) == {RANGE}


def test_wrapping_new_objects_into_the_gap_is_refused(desk: Desk) -> None:
    """SWA: more bytes between the two signed ranges, the offsets behind them moved along."""
    honest = desk.wish().honest()
    start, end = gap(honest)
    evil = b" /Evil (shown) "
    rest = len(honest) - end
    moved = patched(honest, rb"/ByteRange ?\[[^\]]*\]", b"/ByteRange [0 %d %d %d]" % (start, end + len(evil), rest))
    returned = moved[:end] + evil + moved[end:]
    codes = desk.codes(returned)
    assert codes
    assert codes <= FORGED


def test_one_changed_byte_of_the_increment_is_refused(desk: Desk) -> None:
    honest = desk.wish().honest()
    at = honest.index(b"Report confirmed")
    assert desk.codes(honest[:at] + b"r" + honest[at + 1 :]) == {CRYPTO}


def test_a_signature_cut_from_another_answer_is_refused(desk: Desk) -> None:
    honest = desk.wish().honest()
    other = desk.signed(seal=SEAL, digest="sha384")
    start, end = gap(honest)
    theirs = other[gap(other)[0] : gap(other)[1]][1:-1].rstrip(b"0")
    assert len(theirs) < end - start - 2
    returned = honest[: start + 1] + theirs.ljust(end - start - 2, b"0") + honest[end - 1 :]
    assert CRYPTO in desk.codes(returned)


def test_an_older_signature_stays_and_one_new_one_is_asked_for(desk: Desk) -> None:
    desk.sent = sign(desk.sent, desk.authority.signer("U-FIRST"), None, field="First")
    assert desk.verify(desk.wish().honest()).accepted
    assert desk.codes(desk.sent) == {REVISION}


def test_an_appended_object_with_its_own_end_mark_is_refused() -> None:
    assert [finding.code for finding in check_bytes(b"%PDF", b"%PDF 1 0 obj startxref 4 %%EOF")] == [REVISION]
    assert check_bytes(b"%PDF", b"%PDF /ByteRange startxref 4 %%EOF\r\n") == []
    assert check_bytes(b"%PDF", b"%PDF /ByteRange startxref 4 %%EOF\r\n ")


def test_freed_objects_are_refused(desk: Desk) -> None:
    honest = desk.wish().honest()
    at = honest.rindex(b"xref\n0 1\n")
    # a second entry: object 1, the fonts, would be gone
    freed = honest[at:].replace(b"0000000000 65535 f \n", b"0000000000 65535 f \n1 1\n0000000000 00001 f \n", 1)
    assert desk.codes(honest[:at] + freed) == {REVISION}


def test_the_user_is_not_in_a_finding(desk: Desk) -> None:
    assert USER not in desk.verify(desk.wish().honest(), expected="U-OTHER").reason()
