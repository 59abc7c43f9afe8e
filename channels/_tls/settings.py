"""`tls:` as it is written at a connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.site.settings import Secret, SitePath, option


@dataclass(frozen=True)
class Tls:
    """`tls: {certificate: tls/server.pem, key: {secret: tls_key}, ca: tls/clients.pem, client: required}`

    TLS 1.2 and 1.3. Files that change are taken up within a minute, without a restart. A certificate that ends in less
    than 30 days makes the connection degraded, one that has ended makes it down.
    """

    certificate: SitePath | None = option(
        "PEM file of the own certificate, then those between it and its authority; needed where Waybill listens",
        default=None,
    )
    key: Secret | SitePath | None = option(
        "the certificate's private key in PEM without a passphrase: a secret, or a file of mode 0600", default=None
    )
    ca: SitePath | None = option(
        "PEM file of the authorities that may vouch for the peer; the system's when left out", default=None
    )
    client: Literal["none", "required"] = option(
        "where Waybill listens: `required` asks each client for a certificate of `ca` (mutual TLS)", default="none"
    )
    server_name: str = option(
        "where Waybill calls: the name that the peer's certificate must have, where it is not that of the address",
        default="",
    )

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("`certificate` and `key` stand together")
        if self.client == "required" and self.ca is None:
            raise ValueError("`client: required` needs `ca`: the authorities of the clients' certificates")


def check_listening(tls: Tls | None) -> None:
    """Raises ValueError when these settings are none for a listener."""
    if tls is None:
        return
    if tls.certificate is None:
        raise ValueError("a listener's `tls` needs `certificate` and `key`")
    if tls.server_name:
        raise ValueError("`server_name` is for connections that call")


def check_calling(tls: Tls | None, secure: bool) -> None:
    """Raises ValueError when these settings are none for a caller. secure: whether its address asks for TLS."""
    if tls is None:
        return
    if not secure:
        raise ValueError("`tls` needs an address of https")
    if tls.client == "required":
        raise ValueError("`client: required` is for connections that listen")
