"""`agent.yaml` is read as strictly as a site, and the agent needs nothing of an engine and nothing of Unix."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from channels.access import Settings as Access
from channels.folder import Settings as Folder
from engine.cli._agent import EXAMPLE, Absent, load
from engine.site.problems import Invalid
from tests.contracts.agent_peer import ROOT

NEAR = "listen: 127.0.0.1:0\nsecret: {secret: s}\nserve:\n  db: {type: access, driver: SQLite3, file: a.sqlite}\n"

BLOCKED = """
import importlib.abc, sys
UNIX = {"fcntl", "uvloop", "termios", "pwd", "grp", "resource", "pty", "tty", "syslog", "crypt", "nis", "spwd"}
HEAVY = {"lxml", "sqlalchemy", "alembic", "xmlschema", "spyne", "fastapi", "pydantic", "uvicorn", "pypdf", "PIL"}

class Wall(importlib.abc.MetaPathFinder):
    # The modules are missing for everybody, as on Windows; Twisted and the library know how to do without.
    def find_spec(self, name, path=None, target=None):
        if name in UNIX:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None

for name in UNIX:
    sys.modules.pop(name, None)
wall = Wall()
sys.meta_path.insert(0, wall)
import engine.cli.main, engine.cli.agent, engine.cli._agent, channels._agent.pair
import logging.handlers
from pathlib import Path
print("unix", sorted(set(sys.modules) & UNIX))

# The reactor of Windows; on Linux its own waker, which Windows' has not, wants fcntl. Nobody else gets it.
from twisted.internet import fdesc, selectreactor
sys.meta_path.remove(wall)
import fcntl
fdesc.fcntl = sys.modules.pop("fcntl")
sys.meta_path.insert(0, wall)
selectreactor.install()
from twisted.internet import reactor
from twisted.internet.defer import Deferred

path = Path(sys.argv[1])
agent = engine.cli._agent.Agent(reactor, engine.cli._agent.load(path), path.parent)

async def once():
    await agent.start()
    print("listens", agent.server.port > 0)
    await agent.stop()

def over(outcome):
    if outcome is not None:
        print(outcome)
    reactor.stop()

reactor.callWhenRunning(lambda: Deferred.fromCoroutine(once()).addBoth(over))
reactor.run(installSignalHandlers=False)
print("heavy", sorted({name.partition(".")[0] for name in sys.modules} & HEAVY))
print("unix", sorted(set(sys.modules) & UNIX))
"""

AGENT_IN_AGENT = "{type: folder, agent: {url: 'https://a', secret: {secret: s}}}"
DATABASE = "{type: access, driver: SQLite3, file: a.sqlite}"


def test_the_example_is_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").write_text(EXAMPLE)
    settings = load(tmp_path / "agent.yaml")
    database, folder = settings.serve["device_db"].settings, settings.serve["device_dir"].settings
    assert isinstance(database, Access)
    assert isinstance(folder, Folder)
    assert (database.driver, folder.settle) == ("Microsoft Access Driver (*.mdb, *.accdb)", 1.0)
    assert settings.tls is not None
    assert settings.tls.certificate == tmp_path / "tls" / "agent.pem"


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("listen: 127.0.0.1:0", "listen: 0.0.0.0:0"), 1, "allow"),
        (("secret: {secret: s}", "secret: text"), 2, "a secret is written as text"),
        (("secret: {secret: s}\n", ""), 1, "an agent needs `secret"),
        (("driver", "drivr"), 4, "unknown key `drivr`"),
        (("type: access", "type: soap_out"), 4, "what is served has a `type`"),
        (("file: a.sqlite", "agent: {url: 'https://a', secret: {secret: s}}"), 4, "a database has"),
        ((DATABASE, AGENT_IN_AGENT), 4, "an agent serves what its own computer has"),
        ((f"serve:\n  db: {DATABASE}", "serve: {}"), 1, "`serve` names at least one"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, change: tuple[str, str], line: int, said: str) -> None:
    assert change[0] in NEAR
    (tmp_path / "agent.yaml").write_text(NEAR.replace(*change))
    with pytest.raises(Invalid) as caught:
        load(tmp_path / "agent.yaml")
    problem = caught.value.problems[0]
    assert said in problem.line()
    assert problem.place.line == line


def test_it_starts_where_there_is_nothing_of_unix_and_loads_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").write_text(NEAR + f"  dir: {{type: folder, path: {tmp_path}}}\n")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "s").touch(0o600)
    (tmp_path / "secrets" / "s").write_text("x")
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, str(tmp_path / "agent.yaml")],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout == "unix []\nlistens True\nheavy []\nunix []\n", done.stdout + done.stderr
    assert done.returncode == 0


def test_an_agent_has_no_store() -> None:
    with pytest.raises(AttributeError, match="an agent has no write"):
        Absent().write  # noqa: B018 (asking for it is the test)
