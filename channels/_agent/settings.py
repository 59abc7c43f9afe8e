"""`agent:` of a connection: the computer that owns the files, where `waybill agent` runs."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from channels._tls.settings import Tls, check_calling
from engine.site.settings import Secret, option


@dataclass(frozen=True)
class Agent:
    """`agent: {url: 'https://eeg-pc:8443', secret: {secret: eeg_agent}, tls: {ca: tls/eeg-pc.pem}}`

    The agent is shown the secret, a certificate (`tls.certificate`), or both, as its own settings want it.
    """

    url: str = option("address of the agent; https, http only on this computer")
    secret: Secret | None = option("what `waybill agent --pair` printed", default=None)
    tls: Tls | None = option(
        "`ca`: the certificate that `waybill agent --pair` made, or its authority; `certificate` and `key`: our own, "
        "where the agent wants one",
        default=None,
    )
    serves: str = option("the name under which the agent serves this; that of the connection when left out", default="")

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("`agent.url` is https://HOST:PORT")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("`agent.url` holds a host and a port, nothing else")
        if parts.scheme == "http" and not _loopback(parts.hostname):
            raise ValueError("`agent.url` is https beyond this computer")
        if self.secret is None and (self.tls is None or self.tls.certificate is None):
            raise ValueError("`agent` needs `secret`, or `tls` with a `certificate` of its own")
        check_calling(self.tls, parts.scheme == "https")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
