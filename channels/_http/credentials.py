"""`auth:` of listening and calling channels: a name with password, a bearer token, or a key in a header of its own."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.message import Unavailable
from engine.site.secrets import SecretMissing
from engine.site.settings import Secret, option

MISSING = "WB-3102"
"""A secret that the connection needs is not there, or others can read it."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2


@dataclass(frozen=True)
class Basic:
    """`{user: his, password: {secret: his_password}}`"""

    user: str = option("name, without `:`")
    password: Secret = option("its password")

    def __post_init__(self) -> None:
        if ":" in self.user or not self.user.isprintable():
            raise ValueError("`user` holds no `:`")


@dataclass(frozen=True)
class Key:
    """`{header: X-Api-Key, value: {secret: lis_key}}`"""

    header: str = option("name of the header")
    value: Secret = option("what it holds")

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.header):
            raise ValueError(f"`{self.header}` is not the name of a header")


@dataclass(frozen=True)
class Auth:
    """One of: `{basic: {user: his, password: {secret: his_password}}}`, `{bearer: {secret: token}}`, `{key: {...}}`"""

    basic: Basic | None = option("name and password (RFC 7617)", default=None)
    bearer: Secret | None = option("a token (RFC 6750)", default=None)
    key: Key | None = option("a secret in a header of its own", default=None)

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.basic, self.bearer, self.key)) != 1:
            raise ValueError("`auth` is one of `basic`, `bearer` and `key`")


@dataclass(frozen=True, slots=True)
class Credential:
    """The header that a caller sends, and a listener asks for."""

    header: str
    value: str = field(repr=False)

    @property
    def challenge(self) -> str:
        """What a listener's 401 asks for."""
        scheme = self.value.partition(" ")[0] if self.header == "Authorization" else ""
        return 'Basic realm="Waybill", charset="UTF-8"' if scheme == "Basic" else 'Bearer realm="Waybill"'

    def matches(self, presented: str) -> bool:
        """Whether a request's header is this one, in a time that tells nothing of where they differ."""
        if self.header == "Authorization":  # the scheme's name may be written in any case
            scheme, _, rest = presented.partition(" ")
            presented = f"{scheme.capitalize()} {rest.strip()}"
        return hmac.compare_digest(presented.encode("utf-8", "replace"), self.value.encode())


def read(auth: Auth, secret: Callable[[str], str]) -> Credential:
    """Blocking: the header out of the secrets; raises `Unavailable` WB-3102."""
    try:
        if auth.basic is not None:
            pair = f"{auth.basic.user}:{secret(auth.basic.password.name)}".encode()
            return Credential("Authorization", f"Basic {base64.b64encode(pair).decode()}")
        if auth.bearer is not None:
            return Credential("Authorization", f"Bearer {_line(secret, auth.bearer)}")
        assert auth.key is not None
        return Credential(auth.key.header, _line(secret, auth.key.value))
    except SecretMissing as missing:
        raise Unavailable(MISSING, str(missing)) from None


def _line(secret: Callable[[str], str], name: Secret) -> str:
    text = secret(name.name).strip()
    if not text.isascii() or not text.isprintable():
        raise Unavailable(MISSING, f"the secret {name.name} is not one line of ASCII, as a header needs")
    return text
