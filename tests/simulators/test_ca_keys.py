"""The test CA: made once, kept, with the identifier extension, keys for the owner only."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from simulators.ca_keys import IDENTIFIER, Algorithm, Authority, utf8_string


@pytest.mark.parametrize("algorithm", ["rsa", "ecdsa"])
def test_a_signer_is_made_once_and_chains_to_the_root(tmp_path: Path, algorithm: Algorithm) -> None:
    first = Authority(tmp_path, algorithm).signer("U-D9001")
    again = Authority(tmp_path, algorithm).signer("U-D9001")
    assert again.certificate == first.certificate
    root = x509.load_pem_x509_certificate((tmp_path / "root.pem").read_bytes())
    first.certificate.verify_directly_issued_by(root)
    extension = first.certificate.extensions.get_extension_for_oid(IDENTIFIER).value
    assert isinstance(extension, x509.UnrecognizedExtension)
    assert extension.value == b"\x0c\x07U-D9001"
    assert (tmp_path / "root.key").stat().st_mode & 0o777 == 0o600


def test_expired_revoked_and_unfit_certificates(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ecdsa")
    expired = authority.signer("U-D9001", expired=True).certificate
    assert expired.not_valid_before_utc < expired.not_valid_after_utc < datetime.now(UTC)
    crl = x509.load_pem_x509_crl(authority.revoke(expired))
    assert crl.get_revoked_certificate_by_serial_number(expired.serial_number) is not None
    unfit = authority.issue("U-1", datetime.now(UTC), datetime(2100, 1, 1, tzinfo=UTC), key_usage=False)
    assert not unfit.certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature


def test_an_identifier_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="127"):
        utf8_string("x" * 128)
