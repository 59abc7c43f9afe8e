"""What the files and secrets of `tls:` hold, read and checked at once, so that a broken one replaces no good one."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from channels._tls.settings import Tls
from engine.message import Unavailable
from engine.site.secrets import SecretMissing
from engine.site.units import Secret

BAD_TLS = "WB-3101"
"""Certificate, key or authorities of `tls` cannot be read, do not belong together, or others can read the key."""

_MAX = 1 << 20  # bytes of a PEM file: the system's own bundle of authorities has a quarter of that


@dataclass(frozen=True, slots=True)
class Material:
    """chain: the own certificate first, empty without one. authorities: None means the system's. ends: the first of
    the chain that does."""

    chain: tuple[x509.Certificate, ...]
    key: PrivateKeyTypes | None = field(repr=False)
    authorities: tuple[x509.Certificate, ...] | None
    ends: datetime | None


def read(tls: Tls, secret: Callable[[str], str]) -> Material:
    """Blocking: everything that the settings name; raises `Unavailable` WB-3101."""
    chain: tuple[x509.Certificate, ...] = ()
    key = None
    if tls.certificate is not None:
        chain, key = _certificates(tls.certificate), _key(tls.key, secret)
        if _public(chain[0].public_key()) != _public(key.public_key()):
            raise Unavailable(BAD_TLS, f"tls: the key is not the one of {tls.certificate.name}")
    authorities = _certificates(tls.ca) if tls.ca is not None else None
    ends = min((one.not_valid_after_utc for one in chain), default=None)
    return Material(chain, key, authorities, ends)


def expiry(tls: Tls) -> datetime | None:
    """Blocking: when the own certificate, or one of its chain, ends; None without one. Raises `Unavailable` WB-3101."""
    if tls.certificate is None:
        return None
    return min(one.not_valid_after_utc for one in _certificates(tls.certificate))


def changed(tls: Tls) -> tuple[tuple[int, int, int], ...]:
    """Blocking: marks of the files, which are others when one was changed or replaced."""
    marks = []
    for path in (tls.certificate, tls.key, tls.ca):
        if isinstance(path, Path):
            try:
                status = path.stat()
            except OSError:
                marks.append((0, 0, 0))
            else:
                marks.append((status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(marks)


def _certificates(path: Path) -> tuple[x509.Certificate, ...]:
    try:
        found = x509.load_pem_x509_certificates(_bytes(path))
    except ValueError:
        raise Unavailable(BAD_TLS, f"tls: {path.name} is not a PEM file of certificates") from None
    return tuple(found)


def _key(source: Secret | Path | None, secret: Callable[[str], str]) -> Any:
    if isinstance(source, Secret):
        what = f"the secret {source.name}"
        try:
            data = secret(source.name).encode()
        except SecretMissing as missing:
            raise Unavailable(BAD_TLS, f"tls: {missing}") from None
    else:
        assert source is not None, "certificate and key stand together"
        what = source.name
        data = _bytes(source, private=True)
    try:
        return load_pem_private_key(data, None)
    except (ValueError, TypeError):  # TypeError: it has a passphrase
        raise Unavailable(BAD_TLS, f"tls: {what} is not a private key in PEM without a passphrase") from None


def _bytes(path: Path, private: bool = False) -> bytes:
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            data = stream.read(_MAX + 1)
    except OSError as error:
        raise Unavailable(BAD_TLS, f"tls: {path.name} cannot be read: {error.strerror}") from None
    if private and os.name == "posix" and mode & 0o077:
        shown = f"{stat.S_IMODE(mode):o}"
        raise Unavailable(BAD_TLS, f"tls: others can read {path.name} (mode {shown}): chmod 600 {path.name}")
    if len(data) > _MAX:
        raise Unavailable(BAD_TLS, f"tls: {path.name} is larger than {_MAX} bytes")
    return data


def _public(key: Any) -> bytes:
    data: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return data
