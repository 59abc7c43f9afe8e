"""`agent:` is refused where it would send a secret in the clear, or nothing that the agent could know."""

from __future__ import annotations

from typing import Any

import pytest

from channels._agent.settings import Agent
from channels._tls.settings import Tls
from channels.access import Settings as Access
from channels.folder import Settings as Folder
from engine.site.settings import Secret, SitePath

SECRET = Secret("s")
OWN = Tls(SitePath("a"), SitePath("b"))


def test_what_is_good() -> None:
    for url in ("https://pc:8443", "https://pc:8443/", "http://127.0.0.1:8443", "http://localhost:1", "http://[::1]:1"):
        Agent(url, SECRET)
    Agent("https://pc:8443", tls=OWN)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "http://pc:8443", "secret": SECRET}, "https beyond"),
        ({"url": "pc:8443", "secret": SECRET}, "https://HOST:PORT"),
        ({"url": "https://pc:8443/x", "secret": SECRET}, "https://HOST:PORT"),
        ({"url": "https://a:b@pc:8443", "secret": SECRET}, "nothing else"),
        ({"url": "https://pc:8443"}, "needs `secret`"),
        ({"url": "https://pc:8443", "tls": Tls(ca=SitePath("a"))}, "needs `secret`"),
        ({"url": "http://127.0.0.1:1", "secret": SECRET, "tls": OWN}, "https"),
    ],
)
def test_what_is_not(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Agent(**given)


def test_a_connection_has_its_file_here_or_there() -> None:
    agent = Agent("https://pc:8443", SECRET)
    assert [one.agent for one in (Access("SQLite3", SitePath("f")), Access(agent=agent))] == [None, agent]
    assert [one.agent for one in (Folder(SitePath("d")), Folder(agent=agent))] == [None, agent]
    for given in ({}, {"driver": "x"}, {"driver": "x", "file": SitePath("f"), "agent": agent}):
        with pytest.raises(ValueError, match="a database has"):
            Access(**given)
    for wrong in ({}, {"path": SitePath("d"), "agent": agent}):
        with pytest.raises(ValueError, match="a folder has"):
            Folder(**wrong)  # type: ignore[arg-type]
