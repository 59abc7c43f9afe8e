"""What an agent and its engine need to trust each other, made on the agent's computer: key, certificate, secret."""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

YEARS = 5
CERTIFICATE, KEY, SECRET = Path("tls/agent.pem"), Path("tls/agent.key"), Path("secrets/agent_secret")
"""In the folder of `agent.yaml`."""


class Paired(Exception):
    """There is a pairing in this folder already."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """What the engine's side needs. fingerprint: SHA-256 of the certificate, to be compared by eye."""

    certificate: str
    fingerprint: str
    names: tuple[str, ...]
    ends: datetime
    secret: str = field(repr=False)


def pair(folder: Path, names: Sequence[str] = (), *, again: bool = False) -> Pairing:
    """Blocking: make them; the secret is told this once. again: the old ones are replaced, the engine must be told."""
    files = [folder / one for one in (CERTIFICATE, KEY, SECRET)]
    if not again and any(file.exists() for file in files):
        raise Paired(str(folder))
    found = tuple(dict.fromkeys([*names, *([] if names else [socket.gethostname()]), "localhost", "127.0.0.1"]))
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key, found)
    secret = secrets.token_urlsafe(32)
    pem = certificate.public_bytes(Encoding.PEM)
    _write(folder / KEY, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    _write(folder / SECRET, secret.encode() + b"\n")
    _write(folder / CERTIFICATE, pem)
    digest = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    return Pairing(pem.decode(), digest, found, certificate.not_valid_after_utc, secret)


def _certificate(key: ec.EllipticCurvePrivateKey, names: Sequence[str]) -> x509.Certificate:
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Waybill agent {names[0]}"[:64])])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # the engine's clock may be behind
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _write(path: Path, data: bytes) -> None:
    """Readable by its owner alone from its first byte on, where the system knows modes; old bytes never stay."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
