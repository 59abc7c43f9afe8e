"""The HTTP client of `soap_out`: verified TLS, bounded answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet import ssl
from twisted.web.client import ResponseNeverReceived

from channels._http.peer import Peer, TooLong
from channels._soap.client import Client
from channels._soap.outgoing import PiecesProducer
from channels._tls.contexts import client_options
from channels._tls.material import read
from channels._tls.settings import Tls
from engine.site.units import SitePath
from tests.contracts.fakes import PoolThreads
from tests.contracts.soap_peer import SoapPeer


def certificate(name: str) -> tuple[bytes, bytes]:
    """(certificate, key) in PEM, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(serialization.Encoding.PEM), key.private_bytes(*form)


def producer(reactor: Any) -> PiecesProducer:
    return PiecesProducer([b"<a/>"], lambda _: Path(), PoolThreads(reactor))


async def ask(reactor: Any, peer: SoapPeer, scheme: str, authorities: Path | None, limit: int = 1000) -> Any:
    tls = Tls() if authorities is None else Tls(ca=SitePath(authorities))
    material = read(tls, str)
    way = Peer(reactor, 2, 5.0, 1.0, lambda host: client_options(tls, material, host))
    client = Client(way, limit)
    try:
        return await client.post(f"{scheme}://localhost:{peer.number}/his", {"X": "y"}, producer(reactor))
    finally:
        await way.close()
        await peer.close()


async def test_an_answer_and_its_limit(reactor: Any) -> None:
    peer = SoapPeer(lambda body: (201, body * 10))
    peer.listen(reactor)
    answer = await ask(reactor, peer, "http", None)
    assert (answer.status, answer.body) == (201, b"<a/>" * 10)
    assert answer.content_type.startswith("text/xml")
    assert peer.headers[0].getRawHeaders("x") == ["y"]
    peer.listen(reactor)
    with pytest.raises(TooLong):
        await ask(reactor, peer, "http", None, limit=39)


@pytest.mark.parametrize(
    ("name", "trusted", "good"), [("localhost", True, True), ("localhost", False, False), ("other", True, False)]
)
async def test_tls_is_verified(reactor: Any, tmp_path: Path, name: str, trusted: bool, good: bool) -> None:
    pem, key = certificate(name)
    authorities = tmp_path / "ca.pem"
    authorities.write_bytes(certificate("another")[0] + (pem if trusted else b""))
    peer = SoapPeer(lambda body: (200, body))
    peer.listen(reactor, context=ssl.PrivateCertificate.loadPEM(pem + key).options())
    if good:
        assert (await ask(reactor, peer, "https", authorities)).body == b"<a/>"
    else:
        with pytest.raises(ResponseNeverReceived):
            await ask(reactor, peer, "https", authorities)
        assert not peer.bodies
