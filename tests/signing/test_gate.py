"""The gate accepts an honest signature, as three independent programs do, and refuses each hostile answer."""

from __future__ import annotations

import hashlib
import logging
import random
from io import BytesIO
from typing import Any

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from twisted.internet.threads import deferToThreadPool

from engine.transform.pool import Pool
from signing.gate import CHAIN, CONTENT, LIMIT, OWNER, PREFIX, REVISION, TIME, UNREADABLE
from simulators.ca_keys import Algorithm, Authority
from simulators.ca_sign import HOSTILE, produce
from tests.signing.desk import MINUTE, USER, Desk, report
from tests.signing.oracles import openssl, pdfsig, qpdf

REFUSED = {
    "append": {REVISION},
    "annotate": {REVISION},
    "rewrite": {PREFIX},
    "wrong-user": {OWNER},
    "other-pdf": {PREFIX},
    "expired-cert": {CHAIN},
    "untrusted": {CHAIN},
    "truncated": {REVISION},
    "unsigned": {REVISION},
    "two-signatures": {REVISION},
    "changed-inside": {CONTENT},
    "garbage": {PREFIX},
}
"""The rule that each hostile way of the CA simulator breaks."""


@pytest.mark.parametrize("algorithm", ["rsa", "ecdsa"])
def test_an_honest_signature_is_accepted_by_the_gate_and_the_oracles(desk: Desk, algorithm: Algorithm) -> None:
    authority = Authority(desk.folder / algorithm, algorithm)
    desk.authority = authority
    returned = desk.wish().honest()
    result = desk.verify(returned, trust=(str(authority.root_pem),))
    assert result.accepted, result.reason()
    assert result.sent_sha256 == hashlib.sha256(desk.sent).hexdigest()
    assert result.returned_sha256 == hashlib.sha256(returned).hexdigest()
    assert result.returned_size == len(returned)
    assert result.signer is not None
    assert result.signer.identifier == USER
    assert result.signer.algorithm == f"sha256-{algorithm}"
    assert result.signer.serial == f"{authority.signer(USER).certificate.serial_number:x}"
    assert USER not in repr(result)
    assert pdfsig(desk.returned_path)
    assert qpdf(desk.returned_path)
    assert openssl(desk.returned_path, authority.root_pem, desk.folder)


def test_every_hostile_mode_of_the_simulator_is_named_here() -> None:
    assert set(REFUSED) == set(HOSTILE)


@pytest.mark.parametrize("mode", sorted(HOSTILE))
def test_a_hostile_answer_is_refused_by_its_rule(desk: Desk, mode: str) -> None:
    assert desk.codes(produce(desk.wish(), mode)) == REFUSED[mode]


def test_an_invisible_signature_is_accepted(desk: Desk) -> None:
    assert desk.verify(desk.wish(seal=None).honest(), seal=None).accepted


def test_a_report_with_a_cross_reference_stream_is_accepted(desk: Desk) -> None:
    writer = copy_into_new_writer(PdfFileReader(BytesIO(report())), writer_kwargs={"stream_xrefs": True})
    out = BytesIO()
    writer.write(out)
    desk.sent = out.getvalue()
    result = desk.verify(desk.wish().honest())
    assert result.accepted, result.reason()


def test_size_and_pages_are_limited(desk: Desk) -> None:
    returned = desk.wish().honest()
    assert desk.codes(returned, max_size=len(returned) - 1) == {LIMIT}
    assert desk.codes(returned, max_pages=1) == {LIMIT}


def test_the_signing_time_lies_in_the_window(desk: Desk) -> None:
    returned = desk.wish().honest()
    early, late = desk.policy.start - 90 * MINUTE, desk.policy.end + 90 * MINUTE
    assert desk.codes(returned, start=early, end=early + MINUTE) == {TIME}
    assert desk.codes(returned, start=late, end=late + MINUTE) == {TIME}


def test_what_cannot_be_read_is_not_accepted(desk: Desk) -> None:
    broken = desk.sent + b"\n9 0 obj\n<< /ByteRange [0 1 2 3] >>\nendobj\nstartxref\n12\n%%EOF\n"
    assert desk.codes(broken) == {UNREADABLE}


def test_nothing_of_the_signer_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for mode in ("", "untrusted", "expired-cert"):
        desk.verify(produce(desk.wish(), mode))
    assert USER not in caplog.text


@pytest.mark.limit(40)
async def test_it_verifies_in_a_worker_process(desk: Desk, pool: Pool, reactor: Any) -> None:
    sent = desk.folder / "sent.pdf"
    sent.write_bytes(desk.sent)
    # pyHanko's own loop cannot run inside the reactor's: signed in a thread
    signed = await deferToThreadPool(reactor, reactor.getThreadPool(), desk.wish().honest)
    desk.returned_path.write_bytes(signed)
    result = await pool.run("signing.gate:verify", str(sent), str(desk.returned_path), desk.policy, heavy=True)
    assert result.accepted, result.reason()


def test_no_changed_byte_of_the_increment_is_accepted_and_none_breaks_the_gate(desk: Desk) -> None:
    honest = desk.wish().honest()
    start = honest.index(b"/Contents <", len(desk.sent)) + len(b"/Contents <")
    end = honest.index(b">", start)
    chance = random.Random(2026)
    for _ in range(120):
        at = chance.randrange(len(desk.sent), len(honest))
        changed = bytearray(honest)
        changed[at] ^= 1 << chance.randrange(8)
        accepted = desk.verify(bytes(changed)).accepted
        # inside the hex string some bytes are of certificates that the chain does not need
        assert not accepted or start <= at < end, at
