"""The door of a real agent: who may ask, what is refused, and that nothing outside what is served can be reached."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from channels._agent import words
from channels._agent.server import Door
from channels._http.wrong import PAUSE
from channels._tls.settings import Tls
from engine.site.settings import Listen, Secret
from engine.site.units import SitePath
from tests.channels._tls.authority import Authority
from tests.contracts.agent_peer import AgentProcess
from tests.contracts.fakes import NAME

LONG = "x" * 300


@pytest.fixture(name="agent", scope="module")
def fixture_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentProcess]:
    """One agent for all tests here: none changes it."""
    folder = tmp_path_factory.mktemp("agent")
    (folder / "share" / "p").mkdir(parents=True)
    (folder / "outside.txt").write_text("outside")
    (folder / "share" / "p" / "in.txt").write_text("inside")
    (folder / "share" / "link.txt").symlink_to(folder / "outside.txt")
    (folder / "share" / "out").symlink_to(folder)
    agent = AgentProcess(folder / "agent", f"  it: {{type: folder, path: {folder / 'share'}}}\n", max_body="64KiB")
    yield agent.start()
    agent.stop()


class Caller:
    """Speaks HTTP by hand, as no engine would."""

    def __init__(self, agent: AgentProcess, secret: str | None = None) -> None:
        self.agent = agent
        self.secret = agent.pairing.secret if secret is None else secret
        self.count = 0
        self.session = ""

    def post(self, body: bytes, method: str = "POST", path: str = words.PATH) -> tuple[int, bytes]:
        context = ssl.create_default_context(cafile=str(self.agent.folder / "tls" / "agent.pem"))
        line = http.client.HTTPSConnection("127.0.0.1", self.agent.port, timeout=30, context=context)
        try:
            line.request(method, path, body, {"Authorization": f"Bearer {self.secret}"} if self.secret else {})
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def hello(self, **more: Any) -> dict[str, Any]:
        status, body = self.post(json.dumps({"act": "hello", "protocols": [1], **more}).encode())
        found: dict[str, Any] = {"status": status, **json.loads(body)}
        self.session = found.get("session", "")
        return found

    def ask(self, act: str, **fields: Any) -> tuple[int, dict[str, Any]]:
        self.count += 1
        whole = {"act": act, "name": "it", "session": self.session, "count": self.count, **fields}
        status, body = self.post(json.dumps(whole).encode())
        return status, words.from_json(body) or {}


@pytest.fixture(name="caller")
def fixture_caller(agent: AgentProcess) -> Caller:
    caller = Caller(agent)
    caller.hello()
    return caller


def test_hello_tells_what_is_served(agent: AgentProcess) -> None:
    found = Caller(agent).hello()
    assert (found["status"], found["protocol"], found["serves"]) == (200, 1, {"it": "folder"})


def test_another_protocol_is_a_clear_word(agent: AgentProcess) -> None:
    found = Caller(agent).hello(protocols=[2, 3])
    assert (found["status"], found["code"]) == (503, words.OTHER_VERSION)
    assert "update the older one" in found["reason"]


@pytest.mark.parametrize("secret", ["", "wrong", "x" * 5000])
def test_nobody_asks_without_the_secret(agent: AgentProcess, secret: str) -> None:
    caller = Caller(agent, secret)
    began = time.monotonic()
    status, body = caller.post(b'{"act": "hello", "protocols": [1]}')
    assert status == 401
    assert time.monotonic() - began >= PAUSE, "so that nobody tries many"
    assert b"session" not in body
    assert "shows no secret that is taken" in agent.log


def test_another_certificate_is_not_spoken_to(agent: AgentProcess, tmp_path: Path) -> None:
    """The engine trusts the paired certificate alone: see test_link for its side; here the client's side of TLS."""
    other = Authority(tmp_path)
    context = ssl.create_default_context(cafile=str(other.ca))
    line = http.client.HTTPSConnection("127.0.0.1", agent.port, timeout=30, context=context)
    with pytest.raises(ssl.SSLCertVerificationError):
        line.request("POST", words.PATH, b"{}")
    line.close()


def test_a_request_counts_once(caller: Caller) -> None:
    assert caller.ask("probe")[0] == 200
    again = caller.ask("probe", count=1)
    assert (again[0], again[1]["code"], again[1]["reason"]) == (422, "WB-3304", "this request has come before")
    assert caller.ask("probe", count="2")[0] == 422
    assert caller.ask("probe", session="recorded before a restart")[0] == words.SESSION_OVER


def test_what_cannot_be_understood_is_refused(caller: Caller) -> None:
    for body in (b"", b"[]", b"{", b"[" * 60_000, b'{"act": NaN', b"\xff"):
        status, answer = caller.post(body)
        assert (status, json.loads(answer)["code"]) == (422, "WB-3304")
    assert caller.ask("unknown")[0] == 422
    assert caller.ask("probe", name="another")[1]["code"] == words.NOT_SERVED
    assert caller.ask("scan", folders="p")[0] == 422
    assert caller.ask("scan", folders=[], trouble="", wait=10_000, reported=[], changed=[])[0] == 422
    assert caller.ask("scan", folders=[], trouble="", wait=0, reported=[[1, 2, 3]], changed=[])[0] == 422
    assert caller.ask("fetch", path="p/in.txt", stamp=["a"], offset=0)[0] == 422
    assert caller.post(b"{}", "GET")[0] == 405
    assert caller.post(b"{}", path="/other")[0] == 404


def test_a_huge_request_is_refused_unread(caller: Caller) -> None:
    assert caller.post(b"x" * (70 * 1024))[0] == 413
    assert caller.ask("probe")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt", "p/../../outside.txt", "/etc/passwd", "p//in.txt", "..", "", "p/", "C:/x.txt", "C:x.txt",
        "p/c:x", "\\\\host\\share\\x", "p\\..\\..\\outside.txt", "//host/share/x", "CON", "p/nul.txt", "p/LPT1.pdf",
        "p/in.txt:stream", "p/in.txt.", "p/in.txt ", "p/\0x", "out/outside.txt", LONG,
    ],
)  # fmt: skip
def test_nothing_outside_can_be_read_or_moved(agent: AgentProcess, caller: Caller, path: str) -> None:
    outside = agent.folder.parent / "outside.txt"
    status = outside.stat()
    stamp = [status.st_size, status.st_mtime_ns, status.st_ino]
    answered, body = caller.ask("fetch", path=path, stamp=stamp, offset=0)
    assert (answered, body.get("code") in ("WB-3304", "WB-5011")) == (422, True), body
    moved, _ = caller.ask("move", path=path, sha256="")
    assert moved in (200, 422)
    assert outside.read_text() == "outside"
    assert (agent.folder.parent / "share" / "p" / "in.txt").exists()
    assert "outside" not in json.dumps(body)


def test_a_link_is_no_file(agent: AgentProcess, caller: Caller) -> None:
    status = (agent.folder.parent / "outside.txt").stat()
    stamp = [status.st_size, status.st_mtime_ns, status.st_ino]
    assert caller.ask("fetch", path="link.txt", stamp=stamp, offset=0)[0] == words.CHANGED


def test_folders_that_lead_out_are_not_listed(caller: Caller) -> None:
    for folder in ("..", "/etc", "out", "C:/", "\\\\host\\share", "p/.."):
        status, found = caller.ask("scan", folders=[folder], trouble="", wait=0, reported=[], changed=[])
        assert (status, found["settled"]) == (200, [])
        assert found["trouble"]


def test_nothing_that_was_asked_is_written_down(agent: AgentProcess, caller: Caller) -> None:
    caller.ask("fetch", path=f"p/{NAME}.pdf", stamp=[1, 2, 3], offset=0)
    caller.ask(NAME)
    assert NAME not in agent.log


def test_a_door_is_locked() -> None:
    near, far = Listen("127.0.0.1", 1), Listen("0.0.0.0", 1)
    tls = Tls(SitePath("a"), SitePath("b"))
    mutual = Tls(SitePath("a"), SitePath("b"), SitePath("c"), "required")
    secret = Secret("s")
    for good in (
        {"listen": near, "secret": secret},
        {"listen": far, "secret": secret, "tls": tls, "allow": ("10.0.0.1/32",)},
        {"listen": far, "tls": mutual, "allow": ("10.0.0.1/32",)},
    ):
        Door(**good)  # type: ignore[arg-type]
    for bad, said in (
        ({"listen": near}, "needs `secret"),
        ({"listen": near, "tls": tls}, "needs `secret"),
        ({"listen": far, "secret": secret, "allow": ("10.0.0.1/32",)}, "needs `tls"),
        ({"listen": far, "secret": secret, "tls": tls}, "needs `allow"),
    ):
        with pytest.raises(ValueError, match=said):
            Door(**bad)
