"""A certificate authority for tests: real certificates, made in a moment, in files."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from channels._tls.settings import Tls
from engine.site.units import SitePath


@dataclass(frozen=True)
class Issued:
    """Paths of a certificate (PEM) and its key (mode 0600)."""

    certificate: SitePath
    key: SitePath


class Authority:
    """Its own certificate is in the file `ca`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        own = _builder(self._name, self._name, self._key, 3650).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.ca = SitePath(folder / f"{name}-ca.pem")
        self.ca.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def issue(self, name: str = "127.0.0.1", days: float = 365, file: str = "") -> Issued:
        """A certificate for a host's name or address; `days` from now it ends."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(subject, self._name, key, days).add_extension(
            x509.SubjectAlternativeName([_general(name)]), critical=False
        )
        stem = file or name.replace(".", "-")
        issued = Issued(SitePath(self._folder / f"{stem}.pem"), SitePath(self._folder / f"{stem}.key"))
        issued.certificate.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))
        issued.key.touch(mode=0o600)
        issued.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return issued

    def server(self, name: str = "127.0.0.1", mutual: bool = False, days: float = 365) -> Tls:
        """Settings of a listener; mutual: it asks for clients of this authority."""
        issued = self.issue(name, days, "server")
        if mutual:
            return Tls(issued.certificate, issued.key, self.ca, "required")
        return Tls(issued.certificate, issued.key)

    def client(self, name: str = "", server_name: str = "", days: float = 365) -> Tls:
        """Settings of a caller that trusts this authority; with a name it has a certificate of its own."""
        if not name:
            return Tls(ca=self.ca, server_name=server_name)
        issued = self.issue(name, days, "client")
        return Tls(issued.certificate, issued.key, self.ca, server_name=server_name)


def _builder(subject: x509.Name, issuer: x509.Name, key: Any, days: float) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=40))
        .not_valid_after(now + timedelta(days=days))
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
