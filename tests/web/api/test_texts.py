"""Routes and settings as text."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from engine.site.nodes import Items, Map, Text
from engine.site.settings import option
from engine.site.units import Secret
from web.api.texts import as_yaml, plain, settings_of


@dataclass(frozen=True)
class Inner:
    ca: str = option("trust", "")


@dataclass(frozen=True)
class Settings:
    url: str = option("where")
    key: Secret = option("what for")
    in_: str = option("a word of Python", "", key="in")
    most: int = option("limit", 8)
    tls: Inner = option("tls", Inner())


def test_a_route_as_text_is_the_same_whatever_its_layout() -> None:
    source = Map({"code": Text("02001"), "no": Text("no"), "steps": Items([Map({"id": Text("a")})])})
    text = as_yaml(source)
    assert text == "code: 02001\nno: no\nsteps:\n- {id: a}\n"
    assert as_yaml(plain(source)) == text


def test_settings_show_no_secret_and_say_what_was_left_out() -> None:
    source = Map({
        "type": Text("coss"), "url": Text("http://me:hunter2@host/"), "key": Map({"secret": Text("ca_hmac")}),
        "tls": Map({"ca": Text("ca.pem")}),
    })  # fmt: skip
    settings = Settings("http://me:hunter2@host/", Secret("ca_hmac"), tls=Inner("ca.pem"))
    shown = {one.name: one for one in settings_of(SimpleNamespace(settings=settings, source=source))}
    assert shown["url"].value == "http://***@host/"
    assert (shown["key"].value, shown["key"].secret) == ("ca_hmac", True)
    assert (shown["in"].value, shown["in"].given) == ("", False)
    assert (shown["most"].value, shown["most"].given) == ("8", False)
    assert (shown["tls.ca"].value, shown["tls.ca"].given) == ("ca.pem", True)
    assert "hunter2" not in str(shown)


def test_settings_that_are_none_show_nothing() -> None:
    assert settings_of(SimpleNamespace(settings=SimpleNamespace(), source=Map())) == []
