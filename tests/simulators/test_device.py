"""The device: a row and its folder give one report, in pieces; a kill doubles nothing."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.device import Device, parser

CLIENT = "175%7C%7C3125"


class Site:
    """Its database, its folders and its log."""

    def __init__(self, root: Path) -> None:
        self.database, self.folders, self.log = root / "device.sqlite", root / "PatientData", root / "device.jsonl"

    def arguments(self, *more: str) -> list[str]:
        base = ["--database", self.database, "--folders", self.folders, "--log", self.log, "--create"]
        return [*map(str, base), "--poll", "0.02", *more]

    def device(self, *more: str) -> Device:
        device = Device(parser().parse_args(self.arguments(*more)))
        device.create()
        return device

    def order(self, client: str = CLIENT, patient: str = "0009000001") -> Path:
        """The row and the folder, as the engine makes them."""
        with sqlite3.connect(self.database) as connection:
            row = (client, "示例甲", "", "1", "1980-02-03 00:00:00", "自主神经检测")
            connection.execute("INSERT INTO Clients VALUES (?, ?, ?, ?, ?, ?)", row)
        connection.close()
        folder = self.folders / patient / client
        folder.mkdir(parents=True)
        (folder / "order.txt").write_text("\ufefforder: 175||3125\r\nnote: ANS\r\n", encoding="utf-8")
        return folder

    def acts(self, act: str) -> list[dict[str, Any]]:
        if not self.log.exists():
            return []
        return [line for line in map(json.loads, self.log.read_text().splitlines()) if line["act"] == act]


@pytest.fixture(name="site")
def fixture_site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture(name="start")
def fixture_start(site: Site) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(*more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "simulators.device", *site.arguments(*more)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def wait(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(0.01)


def test_a_report_grows_in_pieces(site: Site) -> None:
    device = site.device("--pieces", "3", "--piece-delay", "5", "--delay", "2")
    folder = site.order()
    file = folder / f"ANS {CLIENT}.pdf"
    device.step(0)
    assert not file.exists()
    device.step(2)
    sizes = [file.stat().st_size]
    device.step(6)
    assert file.stat().st_size == sizes[0]
    for now in (7, 12):
        assert b"%%EOF" not in file.read_bytes()[-1000:]
        device.step(now)
        sizes.append(file.stat().st_size)
    assert sizes == sorted(set(sizes))
    assert b"%%EOF" in file.read_bytes()[-1000:]
    device.step(13)
    assert [(act["client"], act["count"]) for act in site.acts("row")] == [(CLIENT, 1)]
    (report,) = site.acts("report")
    assert report["file"] == f"0009000001/{CLIENT}/{file.name}"
    assert "示例" not in site.log.read_text()


def test_a_second_row_of_the_same_order_is_seen(site: Site) -> None:
    device = site.device()
    site.order()
    with sqlite3.connect(site.database) as connection:
        connection.execute("INSERT INTO Clients SELECT * FROM Clients")
    connection.close()
    device.step(0)
    assert len(site.acts("row")) == 2


def test_without_a_folder_nobody_is_tested(site: Site) -> None:
    device = site.device("--delay", "0")
    folder = site.order()
    (folder / "order.txt").unlink()
    for now in range(3):
        device.step(now)
    assert list(folder.iterdir()) == []


def test_foreign_and_late_reports(site: Site) -> None:
    device = site.device("--delay", "0", "--pieces", "1", "--foreign", "--late")
    folder = site.order()
    for now in range(3):
        device.step(now)
    assert (folder.parent / f"scan of {CLIENT}.pdf").exists()
    assert len(list(folder.glob("*.pdf"))) == 1
    (folder / f"ANS {CLIENT}.pdf").unlink()
    device.step(4)
    assert [file.name for file in folder.glob("*.pdf")] == [f"ANS {CLIENT} 2.pdf"]
    assert len(site.acts("late")) == len(site.acts("foreign")) == 1


def test_a_database_that_is_away_or_locked_is_waited_for(site: Site) -> None:
    device = site.device("--delay", "0")
    site.database.rename(site.database.with_suffix(".away"))
    device.step(0)
    site.database.with_suffix(".away").rename(site.database)
    folder = site.order()
    for now in range(4):
        device.step(now)
    assert list(folder.glob("*.pdf"))


def test_killed_after_its_report_it_writes_none_again(site: Site, start: Callable[..., subprocess.Popen[str]]) -> None:
    fast = ("--delay", "0", "--pieces", "2", "--piece-delay", "0.01")
    process = start(*fast, "--kill-after-effect", "1")
    folder = site.order()
    assert process.wait(15) == -signal.SIGKILL
    file = folder / f"ANS {CLIENT}.pdf"
    written = file.stat().st_mtime_ns
    assert site.acts("report") == []
    start(*fast)
    wait(lambda: site.acts("report"))
    assert file.stat().st_mtime_ns == written
    assert len(site.acts("row")) == 1


def test_killed_in_the_middle_it_begins_anew(site: Site, start: Callable[..., subprocess.Popen[str]]) -> None:
    process = start("--delay", "0", "--pieces", "9", "--piece-delay", "60")
    folder = site.order()
    file = folder / f"ANS {CLIENT}.pdf"
    wait(lambda: file.exists() and file.stat().st_size)
    half = file.stat().st_size
    process.kill()
    process.wait()
    start("--delay", "0", "--pieces", "2", "--piece-delay", "0")
    wait(lambda: site.acts("report"))
    assert file.stat().st_size > half
    assert b"%%EOF" in file.read_bytes()[-1000:]
