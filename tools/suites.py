"""Run the suites one after the other, all of them, and say what each took.

A suite fails by its exit status, by a skipped test, or by its time limit. The last line counts tests and checks.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import parse

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"contract": "contracts", "wire": "wire", "crash": "crash", "browser": "browser"}
SUITES = ("static", "unit", *FOLDERS)
SIDE_BY_SIDE = {"unit": 3, "wire": 2, "crash": 2}
"""Suites whose files run in so many processes: much of their time is waiting. Kills and peers keep what they time."""
LIMIT = 30 * 60.0
"""Seconds that one suite may take."""
NO_TESTS = 5
"""The exit status of pytest that found nothing to run."""


@dataclass
class Tally:
    """What one suite came to. `bad` names what failed, `minutes` is what it took."""

    suite: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    minutes: float = 0.0
    bad: list[str] = field(default_factory=list)

    def line(self) -> str:
        verdict = "FAILED: " + ", ".join(self.bad) if self.bad else "ok"
        counts = f"{self.passed:6} passed {self.failed:4} failed {self.skipped:4} skipped"
        return f"{self.suite:10} {self.minutes:6.2f} min {counts}  {verdict}"


def run(command: Sequence[str], *, cwd: Path = ROOT, quiet: bool = False, limit: float = LIMIT) -> int:
    """The exit status of a command; 124 when it was ended at its limit. A quiet one shows its output on failure."""
    output = subprocess.PIPE if quiet else None
    tools = os.pathsep.join((str(ROOT / ".venv" / "bin"), os.environ.get("PATH", "")))
    with subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, "PATH": tools},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if quiet else None,
        start_new_session=True,
        text=True,
    ) as process:
        try:
            text, _ = process.communicate(timeout=limit)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            text, _ = process.communicate()
            status = 124
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGTERM)
            raise
    if quiet and status:
        print(text, flush=True)
    return status


def checks() -> Iterator[tuple[str, list[str], Path]]:
    """The static checks: name, command, folder."""
    python = sys.executable
    yield "ruff", [python, "-m", "ruff", "check", "--quiet", "."], ROOT
    yield "ruff format", [python, "-m", "ruff", "format", "--check", "--quiet", "."], ROOT
    yield "mypy", [python, "-m", "mypy"], ROOT
    yield "lint-imports", [str(Path(python).with_name("lint-imports")), "--no-cache"], ROOT
    screens = ROOT / "web" / "ui"
    if (screens / "package.json").exists():
        yield "screens", ["npm", "run", "--silent", "check"], screens


def checked(name: str, command: list[str], folder: Path) -> int:
    """The exit status of a check, said as soon as it is known."""
    start = time.monotonic()
    status = run(command, cwd=folder, quiet=True)
    print(f"  {name:14} {'ok' if status == 0 else 'FAILED'}  {time.monotonic() - start:.0f} s", flush=True)
    return status


def static() -> Tally:
    """Two checks at a time: the types and the screens are long ones."""
    tally = Tally("static")
    with ThreadPoolExecutor(2) as two:
        done = list(two.map(lambda check: (check[0], checked(*check)), checks()))
    for name, status in done:
        if status:
            tally.failed += 1
            tally.bad.append(name)
        else:
            tally.passed += 1
    return tally


def selection(suite: str, tests: Path) -> list[str]:
    """The arguments that make pytest run this suite; none when it has no test file."""
    if suite in FOLDERS:
        folder = tests / FOLDERS[suite]
        return [str(folder)] if any(folder.rglob("test_*.py")) else []
    return [str(tests), *(f"--ignore={tests / name}" for name in FOLDERS.values())]


def counted(report: Path, tally: Tally) -> None:
    """Add what pytest wrote into its JUnit file."""
    if not report.exists():
        return
    for case in parse(report).iter("testcase"):  # noqa: S314 (pytest wrote it just now)
        if case.find("failure") is not None or case.find("error") is not None:
            tally.failed += 1
        elif case.find("skipped") is not None:
            tally.skipped += 1
        else:
            tally.passed += 1


def outcome(suite: str, tests: Path = ROOT / "tests", limit: float = LIMIT) -> Tally:
    tally = Tally(suite)
    chosen = selection(suite, tests)
    if not chosen:
        print("  no tests in this folder", flush=True)
        return tally
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "--quiet", f"--junitxml={report}", "--durations=5", *chosen]
        if suite in SIDE_BY_SIDE:
            command += [f"--numprocesses={SIDE_BY_SIDE[suite]}", "--dist=loadfile"]
        status = run(command, limit=limit)
        counted(report, tally)
    if status == NO_TESTS:
        tally.bad.append("it has test files, but no test")
    elif status:
        tally.bad.append(f"pytest ended with {status}" if status != 124 else f"more than {limit / 60:g} minutes")
    if tally.skipped:
        tally.bad.append("a test was skipped: what is not tested is not known")
    tally.failed = max(tally.failed, 1 if tally.bad else 0)
    return tally


def closing(tallies: Sequence[Tally]) -> str:
    """The plain last line."""
    passed, failed, skipped = (
        sum(getattr(tally, word) for tally in tallies) for word in ("passed", "failed", "skipped")
    )
    return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")


def main(arguments: Sequence[str]) -> int:
    unknown = [word for word in arguments if word not in SUITES]
    if unknown:
        print(f"no such suite: {', '.join(unknown)}; there are {', '.join(SUITES)}", file=sys.stderr)
        return 2
    tallies = []
    for suite in arguments or SUITES:
        print(f"== {suite}", flush=True)
        start = time.monotonic()
        tally = static() if suite == "static" else outcome(suite)
        tally.minutes = (time.monotonic() - start) / 60
        tallies.append(tally)
    print()
    for tally in tallies:
        print(tally.line())
    print(f"{'all':10} {sum(tally.minutes for tally in tallies):6.2f} min\n")
    print(closing(tallies), flush=True)
    return 1 if any(tally.bad for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
