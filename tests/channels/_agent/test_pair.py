"""A pairing: a certificate that TLS takes, a secret told once, files that others cannot read, nothing replaced."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from channels._agent.pair import CERTIFICATE, KEY, SECRET, Paired, pair


def test_it_makes_what_both_sides_need(tmp_path: Path) -> None:
    made = pair(tmp_path, ["eeg-pc", "10.1.2.3"])
    assert made.names == ("eeg-pc", "10.1.2.3", "localhost", "127.0.0.1")
    certificate = x509.load_pem_x509_certificate((tmp_path / CERTIFICATE).read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["eeg-pc", "localhost"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["10.1.2.3", "127.0.0.1"]
    assert made.ends - datetime.now(UTC) > timedelta(days=1800)
    assert made.certificate == (tmp_path / CERTIFICATE).read_text()
    assert (tmp_path / SECRET).read_text().strip() == made.secret
    assert len(made.secret) >= 43
    assert made.secret not in repr(made)
    assert all(stat.S_IMODE((tmp_path / one).stat().st_mode) == 0o600 for one in (KEY, SECRET))


def test_a_pairing_is_not_replaced_by_chance(tmp_path: Path) -> None:
    first = pair(tmp_path)
    with pytest.raises(Paired):
        pair(tmp_path)
    assert (tmp_path / SECRET).read_text().strip() == first.secret
    second = pair(tmp_path, again=True)
    assert second.secret != first.secret
    assert second.fingerprint != first.fingerprint
