"""Named points: one that is asked for kills, by the environment or by a file; no other does."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine import points

PASS = """
import sys
from engine.points import point
for name in sys.argv[1:]:
    point(name)
    print(name, flush=True)
"""


def passed(*names: str, **environment: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PASS, *names], env=environment, capture_output=True, text=True, check=False, timeout=30,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode, done.stdout.split()


def test_nothing_is_killed_without_the_variable():
    assert passed("a", "b") == (0, ["a", "b"])


def test_the_named_point_kills_at_its_first_passing():
    assert passed("a", "b", "a", WAYBILL_KILL="b") == (-signal.SIGKILL, ["a"])


def test_a_number_names_the_passing():
    assert passed("b", "a", "b", "a", WAYBILL_KILL="b:2") == (-signal.SIGKILL, ["b", "a"])


@pytest.mark.parametrize(("wish", "status", "names"), [("b:2", -9, ["b"]), ("c", 0, ["b", "b", "b"])])
def test_a_file_says_which_point(tmp_path: Path, wish: str, status: int, names: list[str]):
    file = tmp_path / "kill"
    file.write_text(wish)
    assert passed("b", "b", "b", WAYBILL_KILL=f"@{file}") == (status, names)
    assert file.exists() == (status == 0), "what it killed for is done; the next start lives"
    assert passed("b", "b", WAYBILL_KILL=f"@{tmp_path / 'none'}") == (0, ["b", "b"])


def test_each_passing_is_written_down(tmp_path: Path):
    assert passed("a", "b", WAYBILL_KILL="b", WAYBILL_KILL_LOG=str(tmp_path / "log"))[0] == -9
    assert (tmp_path / "log").read_text().split() == ["a", "b"]


def test_a_watcher_is_told_in_this_process():
    seen: list[str] = []
    points.watch(seen.append)
    try:
        points.point("here")
    finally:
        points.watch(None)
    points.point("there")
    assert seen == ["here"]
