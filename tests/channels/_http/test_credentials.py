"""What a caller shows is what a listener asks for."""

from __future__ import annotations

import pytest

from channels._http.credentials import Auth, Basic, Key, read
from engine.message import Unavailable
from engine.site.secrets import SecretMissing
from engine.site.settings import Secret

SECRETS = {"word": "open sesame", "token": "t0ken\n", "lines": "one\ntwo"}
BASIC = Auth(basic=Basic("his", Secret("word")))
BEARER = Auth(bearer=Secret("token"))
KEY = Auth(key=Key("X-Api-Key", Secret("token")))


@pytest.mark.parametrize(
    ("auth", "header", "good", "bad"),
    [
        (BASIC, "Authorization", "Basic aGlzOm9wZW4gc2VzYW1l", ["", "Basic aGlzOm9wZW4gc2VzYW1f", "Basic"]),
        (BASIC, "Authorization", "basic  aGlzOm9wZW4gc2VzYW1l", ["Bearer aGlzOm9wZW4gc2VzYW1l"]),
        (BEARER, "Authorization", "Bearer t0ken", ["Bearer t0kem", "Bearer t0ken2", "t0ken", "Basic t0ken"]),
        (KEY, "X-Api-Key", "t0ken", ["T0ken", "", "ü"]),
    ],
)
def test_a_credential(auth: Auth, header: str, good: str, bad: list[str]) -> None:
    credential = read(auth, SECRETS.__getitem__)
    assert credential.header == header
    assert credential.matches(good)
    assert not [one for one in bad if credential.matches(one)]
    assert "t0ken" not in repr(credential)
    assert credential.challenge.split()[0] == ("Basic" if auth is BASIC else "Bearer")


def test_a_secret_that_is_not_there_or_no_header() -> None:
    def missing(name: str) -> str:
        raise SecretMissing(f"the secret {name} is not there")

    for auth in (BASIC, BEARER, KEY):
        with pytest.raises(Unavailable, match="WB-3102"):
            read(auth, missing)
    with pytest.raises(Unavailable, match="one line of ASCII") as caught:
        read(Auth(bearer=Secret("lines")), SECRETS.__getitem__)
    assert "two" not in caught.value.reason


def test_one_way_of_signing_in() -> None:
    with pytest.raises(ValueError, match="one of"):
        Auth()
    with pytest.raises(ValueError, match="one of"):
        Auth(bearer=Secret("token"), key=Key("X-Key", Secret("token")))
    with pytest.raises(ValueError, match="no `:`"):
        Basic("a:b", Secret("word"))
    with pytest.raises(ValueError, match="name of a header"):
        Key("X Key", Secret("word"))
