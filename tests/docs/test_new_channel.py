"""docs/new-channel.md: its two channels are built from the page, pass the contract, and carry a message."""

from __future__ import annotations

import ast
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, files

PAGE = DOCS / "new-channel.md"
PATIENCE = 120.0
GROWN = """import channels, pathlib
channels.__path__.append(str(pathlib.Path(__file__).parent / "channels"))
"""
COMMAND = "import grown, sys; from engine.cli.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(name="grown")
def fixture_grown(tmp_path: Path) -> Path:
    """A folder with the page's files; `import grown` puts its channels beside those of Waybill."""
    for name, text in files(PAGE).items():
        path = tmp_path / name.replace("tests/contracts/", "contracts_of_page/")  # `tests` is the house's own
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (tmp_path / "grown.py").write_text(GROWN)
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WAYBILL_", "PYTEST_"))}
    return {**kept, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}


def waybill(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-c", COMMAND, *words, "--site", str(folder)]


def test_it_passes_the_contract(grown: Path):
    plugins = ["-p", "grown", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    where = ["-c", str(ROOT / "pyproject.toml"), f"--rootdir={grown}", str(grown / "contracts_of_page")]
    command = [sys.executable, "-m", "pytest", "-q", *plugins, *where]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(grown), capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "skipped" not in done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 20


def test_it_is_written_as_the_house_is(grown: Path):
    for tool in (["ruff", "check", "--ignore=INP001", "--config", str(ROOT / "pyproject.toml"), "--no-cache"],
                 ["ruff", "format", "--check", "--config", str(ROOT / "pyproject.toml"), "--no-cache"]):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", *tool, str(grown / "channels"), str(grown / "contracts_of_page")],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
    for channel in (grown / "channels").glob("*.py"):
        assert ast.get_docstring(ast.parse(channel.read_text("utf-8")))


def test_a_message_goes_through(grown: Path):
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        port, web = one.getsockname()[1], two.getsockname()[1]
    drop = grown / "drop"
    drop.mkdir()
    text = (grown / "routes.yaml").read_text("utf-8")
    (grown / "routes.yaml").write_text(text.replace("2599", str(port)).replace("/mnt/archive", str(drop)), "utf-8")
    lint = subprocess.run(
        waybill(grown, "lint"), cwd=grown, env=environment(grown), capture_output=True, text=True, check=False,
        timeout=PATIENCE,
    )  # fmt: skip
    assert lint.stdout == "good\n", lint.stdout + lint.stderr
    log = grown / "daemon.log"
    with log.open("wb") as stream:
        daemon = subprocess.Popen(
            [*waybill(grown, "run"), "--web", f"127.0.0.1:{web}"],
            cwd=grown, env=environment(grown), stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
        )  # fmt: skip
    try:
        assert said(port, b"result all is well\n", daemon, log) == b"OK\n"
        assert said(port, b"another one\n", daemon, log) == b"NO WB-1004\n"
        end = time.monotonic() + PATIENCE
        while not (found := [*drop.glob("*.txt")]):
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        assert [path.read_text() for path in found] == ["all is well"]
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(PATIENCE)


def said(port: int, line: bytes, daemon: subprocess.Popen[bytes], log: Path) -> bytes:
    """What the daemon answers to a line, once it listens."""
    end = time.monotonic() + PATIENCE
    while True:
        assert daemon.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as peer:
                peer.sendall(line)
                with peer.makefile("rb") as answer:
                    return answer.readline()
        except ConnectionRefusedError:
            time.sleep(0.05)
