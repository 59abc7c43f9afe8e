"""Certificates, keys and authorities are read at once, and what is wrong with them is one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels._tls.material import BAD_TLS, changed, expiry, read
from channels._tls.settings import Tls
from engine.message import Unavailable
from engine.site.secrets import SecretMissing
from engine.site.units import Secret, SitePath
from tests.channels._tls.authority import Authority


def nothing(name: str) -> str:
    raise SecretMissing(f"the secret {name} is not there")


def refused(tls: Tls, secret: object = nothing) -> str:
    with pytest.raises(Unavailable) as caught:
        read(tls, secret)  # type: ignore[arg-type]
    assert caught.value.code == BAD_TLS
    return caught.value.reason


def test_files_are_read_and_the_first_end_counts(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tls = authority.server(days=10, mutual=True)
    material = read(tls, nothing)
    assert len(material.chain) == 1
    assert material.authorities is not None
    assert material.ends == expiry(tls)
    assert material.ends is not None
    assert abs(material.ends - datetime.now(UTC) - timedelta(days=10)) < timedelta(minutes=5)
    longer = authority.issue("other", days=100).certificate
    chain = SitePath(tmp_path / "chain.pem")
    assert tls.certificate is not None
    chain.write_bytes(longer.read_bytes() + tls.certificate.read_bytes())
    assert expiry(Tls(chain, tls.key)) == material.ends
    assert "PRIVATE" not in repr(material)


def test_nothing_of_our_own_never_ends(tmp_path: Path) -> None:
    tls = Authority(tmp_path).client()
    assert expiry(tls) is None
    assert read(tls, nothing).ends is None
    assert read(Tls(), nothing).authorities is None


def test_the_key_may_be_a_secret(tmp_path: Path) -> None:
    issued = Authority(tmp_path).issue()
    secrets = {"tls_key": issued.key.read_text()}
    assert read(Tls(issued.certificate, Secret("tls_key")), secrets.__getitem__).key is not None
    assert "tls_key" in refused(Tls(issued.certificate, Secret("tls_key")))
    secrets["tls_key"] = "no key at all"
    reason = refused(Tls(issued.certificate, Secret("tls_key")), secrets.__getitem__)
    assert "not a private key" in reason
    assert "at all" not in reason


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one, other = authority.issue("one"), authority.issue("other")
    assert "not the one of one.pem" in refused(Tls(one.certificate, other.key))
    one.key.chmod(0o640)
    assert "mode 640" in refused(Tls(one.certificate, one.key))
    assert "cannot be read" in refused(Tls(SitePath(tmp_path / "gone.pem"), other.key))
    broken = SitePath(tmp_path / "broken.pem")
    broken.write_text("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
    assert "not a PEM file" in refused(Tls(broken, other.key))
    assert "not a PEM file" in refused(Tls(ca=broken))
    broken.write_bytes(b"x" * (1 << 21))
    assert "larger than" in refused(Tls(ca=broken))


def test_a_replaced_file_has_other_marks(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tls = authority.server()
    before = changed(tls)
    assert changed(tls) == before
    authority.server(days=5)
    assert changed(tls) != before
    assert tls.certificate is not None
    tls.certificate.unlink()
    assert (0, 0, 0) in changed(tls)
