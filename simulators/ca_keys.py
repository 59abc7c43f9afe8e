"""The CA simulator's certification authority: a root and one certificate per physician, made at first use.

Keys stay in the state folder (mode 0600). Only `root.pem` is meant to be given away.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

IDENTIFIER = x509.ObjectIdentifier("1.2.156.112562.2.1.10.2")
"""The extension that carries the interface's userId."""
Algorithm = Literal["rsa", "ecdsa"]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Identity:
    """A certificate with its key, and what stands above it."""

    certificate: x509.Certificate
    key: PrivateKey
    issuer: x509.Certificate


class Authority:
    """A root under `folder` and the certificates that it issued."""

    def __init__(self, folder: Path, algorithm: Algorithm = "rsa", name: str = "Waybill Test Root") -> None:
        self.folder = folder
        self.algorithm = algorithm
        folder.mkdir(parents=True, exist_ok=True)
        self._root = self._load("root") or self._make_root(name)

    @property
    def root_pem(self) -> Path:
        return self.folder / "root.pem"

    def signer(self, user_id: str, expired: bool = False) -> Identity:
        """The physician's certificate of this interface identifier, made when there is none yet."""
        name = f"signer-{user_id.encode().hex()}{'-expired' if expired else ''}"
        found = self._load(name)
        if found is None:
            now = datetime.now(UTC)
            # far enough in the past to be over, and a start before its end
            start, end = (now - 400 * DAY, now - 30 * DAY) if expired else (now - DAY, now + 730 * DAY)
            found = self._keep(name, self.issue(user_id, start, end))
        return found

    def issue(
        self, user_id: str, start: datetime, end: datetime, key_usage: bool = True, identifier: bool = True
    ) -> Identity:
        """A certificate that is kept nowhere. key_usage: False makes one that may not sign documents."""
        key = _new_key(self.algorithm)
        builder = _builder(f"Physician {user_id}", self._root.certificate.subject, key, start, end)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(digital_signature=key_usage, key_encipherment=not key_usage), True)
        usages = [ExtendedKeyUsageOID.EMAIL_PROTECTION]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._root.key.public_key())
        builder = builder.add_extension(authority_key, critical=False)
        if identifier:
            builder = builder.add_extension(x509.UnrecognizedExtension(IDENTIFIER, utf8_string(user_id)), False)
        certificate = builder.sign(self._root.key, hashes.SHA256())
        return Identity(certificate, key, self._root.certificate)

    def revoke(self, certificate: x509.Certificate) -> bytes:
        """A CRL (PEM) of this root that names the certificate."""
        now = datetime.now(UTC)
        revoked = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number)
        revoked = revoked.revocation_date(now - DAY)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._root.certificate.subject)
        builder = builder.last_update(now - DAY).next_update(now + 30 * DAY).add_revoked_certificate(revoked.build())
        builder = builder.add_extension(x509.CRLNumber(1), critical=False)
        authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._root.key.public_key())
        builder = builder.add_extension(authority_key, critical=False)
        return builder.sign(self._root.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _make_root(self, name: str) -> Identity:
        key = _new_key(self.algorithm)
        now = datetime.now(UTC)
        builder = _builder(name, None, key, now - 800 * DAY, now + 3650 * DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        certificate = builder.sign(key, hashes.SHA256())
        return self._keep("root", Identity(certificate, key, certificate))

    def _load(self, name: str) -> Identity | None:
        certificate_file, key_file = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        if not (certificate_file.exists() and key_file.exists()):
            return None
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
        return Identity(certificate, key, certificate if name == "root" else self._root.certificate)

    def _keep(self, name: str, made: Identity) -> Identity:
        pem = serialization.Encoding.PEM
        form = serialization.PrivateFormat.PKCS8
        key = made.key.private_bytes(pem, form, serialization.NoEncryption())
        # the certificate last: a key alone is made anew after a crash
        write_durable(self.folder / f"{name}.key", key)
        write_durable(self.folder / f"{name}.pem", made.certificate.public_bytes(pem))
        return made


def write_durable(path: Path, data: bytes) -> None:
    """Write, fsync, rename, fsync the folder; mode 0600."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def utf8_string(text: str) -> bytes:
    """DER of an ASN.1 UTF8String of less than 128 bytes."""
    data = text.encode()
    if len(data) > 127:
        raise ValueError("the identifier is longer than 127 bytes")
    return bytes((0x0C, len(data))) + data


def _new_key(algorithm: Algorithm) -> PrivateKey:
    if algorithm == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _builder(
    common_name: str, issuer: x509.Name | None, key: PrivateKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    attributes = ((NameOID.ORGANIZATION_NAME, "Waybill simulator"), (NameOID.COMMON_NAME, common_name))
    subject = x509.Name([x509.NameAttribute(kind, value) for kind, value in attributes])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(end)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _usage(
    digital_signature: bool = False, key_encipherment: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=digital_signature,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
