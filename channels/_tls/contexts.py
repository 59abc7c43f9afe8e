"""OpenSSL's contexts out of what `tls:` names: TLS 1.2 and 1.3, the peer always verified where we call."""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL, crypto
from twisted.internet import ssl

from channels._tls.material import Material
from channels._tls.settings import Tls


def server_options(tls: Tls, material: Material) -> Any:
    """The context of a listener."""
    options: dict[str, Any] = _own(material)
    if tls.client == "required":
        options["trustRoot"] = _roots(material)
    factory = ssl.CertificateOptions(**options, **_VERSIONS)
    context = factory.getContext()  # made now, so that what OpenSSL does not take shows here
    # Whatever protocols a client offers (curl: h2), we speak our one: no word on it, instead of Twisted's refusal.
    context.set_alpn_select_callback(lambda *_: SSL.NO_OVERLAPPING_PROTOCOLS)
    return factory


def client_options(tls: Tls | None, material: Material, host: str) -> Any:
    """The context of a caller: the peer's certificate must be of `server_name`, else of `host`."""
    name = tls.server_name if tls is not None and tls.server_name else host
    roots = None if material.authorities is None else _roots(material)
    return ssl.optionsForClientTLS(name, roots, extraCertificateOptions={**_own(material), **_VERSIONS})


_VERSIONS = {"insecurelyLowerMinimumTo": ssl.TLSVersion.TLSv1_2}
"""TLS 1.2 as the oldest, whatever Twisted's default is or becomes."""


def _own(material: Material) -> dict[str, Any]:
    if material.key is None:
        return {}
    certificate, *chain = material.chain
    return {"privateKey": material.key, "certificate": certificate, "extraCertChain": chain}


def _roots(material: Material) -> Any:
    found = [ssl.Certificate(crypto.X509.from_cryptography(one)) for one in material.authorities or ()]
    return ssl.trustRootFromCertificates(found)
