"""Rules 4, 5, 6 and 8: algorithms, chain, usage, revocation, owner and time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from signing.certificate import decode_identifier
from signing.gate import CHAIN, CRYPTO, OWNER
from simulators.ca_keys import Authority, Identity
from tests.signing.desk import USER, Desk

DAY = timedelta(days=1)


def issued(desk: Desk, **options: bool) -> Identity:
    now = datetime.now(UTC)
    return desk.authority.issue(USER, now - DAY, now + DAY, **options)


def test_a_weak_digest_is_refused(desk: Desk) -> None:
    assert CRYPTO in desk.codes(desk.signed(digest="sha1"))


def test_an_algorithm_that_is_not_on_the_list_is_refused(desk: Desk) -> None:
    assert desk.codes(desk.wish().honest(), algorithms=("sha256-rsa",)) == {CRYPTO}


def test_a_certificate_that_may_not_sign_is_refused(desk: Desk) -> None:
    assert desk.codes(desk.signed(identity=issued(desk))) == set()
    assert CHAIN in desk.codes(desk.signed(identity=issued(desk, key_usage=False)))


def test_a_certificate_without_identifier_is_refused(desk: Desk) -> None:
    assert desk.codes(desk.signed(identity=issued(desk, identifier=False))) == {OWNER}


def test_an_unregistered_physician_is_refused(desk: Desk) -> None:
    assert desk.codes(desk.wish().honest(), expected="") == {OWNER}


def test_the_ca_itself_signs_no_report(desk: Desk) -> None:
    root = desk.authority._root
    assert CHAIN in desk.codes(desk.signed(identity=root))


def test_a_ca_of_the_same_name_is_refused(desk: Desk) -> None:
    other = Authority(desk.folder / "twin", "ecdsa")
    assert desk.codes(desk.signed(identity=other.signer(USER))) == {CHAIN}


def test_a_certificate_that_is_not_valid_yet_is_refused(desk: Desk) -> None:
    now = datetime.now(UTC)
    assert desk.codes(desk.signed(identity=desk.authority.issue(USER, now + DAY, now + 2 * DAY))) == {CHAIN}


def test_a_revoked_certificate_is_refused_and_the_others_are_not(desk: Desk) -> None:
    one, two = issued(desk), issued(desk)
    crl = desk.folder / "revoked.pem"
    crl.write_bytes(desk.authority.revoke(one.certificate))
    assert desk.codes(desk.signed(identity=one), crls=(str(crl),)) == {CHAIN}
    result = desk.verify(desk.signed(identity=two), crls=(str(crl),))
    assert result.accepted, result.reason()
    assert result.signer is not None
    assert result.signer.revocation_checked


def test_trust_may_be_a_der_file(desk: Desk) -> None:
    path = desk.folder / "root.der"
    path.write_bytes(desk.authority._root.certificate.public_bytes(Encoding.DER))
    assert desk.verify(desk.wish().honest(), trust=(str(path),)).accepted


@pytest.mark.parametrize(
    ("value", "text"),
    [(b"\x0c\x02ab", "ab"), (b"\x13\x02ab", "ab"), (b"ab", "ab"), (b"\x0c\x05ab", "\x0c\x05ab"), (b"\xff", "")],
)
def test_the_identifier_s_forms(value: bytes, text: str) -> None:
    assert decode_identifier(value) == text
