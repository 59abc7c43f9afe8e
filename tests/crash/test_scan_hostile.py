"""Hostile files through the folder and the upload door: a clear error, little memory, and the other files come through.

And a disk that is full while pages are being kept.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from tests.crash import scan_paper
from tests.crash.children import until
from tests.crash.office import Away, Problem
from tests.crash.scan_flow import SECONDS, Scan
from tests.crash.scan_hostile import GOOD, HOSTILE, WAITS
from tests.crash.scan_plant import STATION, ScanPlant, scan_plant
from tests.crash.shim import Shim

PIECE = 8 << 20
DAEMON, WORKER = 300 << 20, 600 << 20
"""Bytes of memory (PSS) that the daemon and each of its workers may have at any moment."""


class Watch:
    """The most memory that was seen, of the daemon and of any of its workers."""

    def __init__(self, plant: ScanPlant) -> None:
        self.daemon = self.worker = 0
        self._plant, self._end = plant, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(0.2):
            found = self._plant.memory()
            mine = found.pop(self._plant.daemon.pid, 0)
            self.daemon, self.worker = max(self.daemon, mine), max(self.worker, *found.values(), 0)

    def judge(self) -> None:
        print(f"\n  memory at most: daemon {self.daemon >> 20} MB, one worker {self.worker >> 20} MB")
        assert 0 < self.daemon < DAEMON
        assert self.worker < WORKER


@pytest.fixture(name="shim", scope="module")
def fixture_shim(tmp_path_factory: pytest.TempPathFactory) -> Shim:
    folder = tmp_path_factory.mktemp("hostile")
    return Shim(folder / "site", folder / "control")


@pytest.fixture(name="plant", scope="module")
def fixture_plant(shim: Shim) -> Iterator[ScanPlant]:
    with scan_plant(shim.root.parent, more=shim.environment()) as plant:
        yield plant


def problems(plant: ScanPlant) -> dict[str, str]:
    """Code and reason by the file's name; of what waits, the reason."""
    try:
        items = plant.clerk.post("/api/v1/scan/problems/search", {"limit": 200})["items"]
    except Away:
        return {}
    return {one["subject"].rpartition("/")[2]: f"{one['code']} {one['reason']}".strip() for one in items}


def states(plant: ScanPlant, station: str) -> dict[str, str]:
    return dict(plant.rows("SELECT name, state FROM scan_file WHERE station = ?", station))


def refused(plant: ScanPlant, station: str) -> set[str]:
    """Names of files that were put aside, each with a text that says why."""
    place = plant.drop / station / ".error"
    names = {path.name for path in place.glob("*")}
    found = {name for name in names if f"{name}.txt" in names}
    assert all("WB-" in (place / f"{name}.txt").read_text() for name in found)
    return found


def test_by_the_folder(plant: ScanPlant) -> None:
    good = {f"good {n}.png": scan_paper.png(scan_paper.paper(f"good {n}")) for n in (1, 2)}
    with Watch(plant) as watch:
        plant.put("hostile", "good 1.png", good["good 1.png"])
        for name, make in HOSTILE.items():
            plant.put("hostile", name, make())
        plant.put("hostile", "good 2.png", good["good 2.png"])

        def settled() -> bool:
            known, said = states(plant, "hostile"), problems(plant)
            fine = {*good, *GOOD}
            stopped = set(HOSTILE) - GOOD
            return all(known.get(name) == "joined" for name in fine) and all(
                name in said or name in refused(plant, "hostile") for name in stopped
            )

        until(settled, 120, lambda: f"{states(plant, 'hostile')} {problems(plant)} {plant.daemon.tail()}")
    said = problems(plant)
    assert set(said) >= WAITS, "what may still be written waits, and is shown"
    assert {name: reason for name, reason in said.items() if name in set(HOSTILE) - WAITS and "WB-" not in reason} == {}
    masters = {row[0] for row in plant.rows("SELECT master FROM page")}
    assert {hashlib.sha256(data).hexdigest() for data in good.values()} <= masters
    batch = plant.rows("SELECT state, code FROM batch WHERE station = 'hostile'")
    assert [state for state, _ in batch] == ["stopped"], "the batch says so too"
    watch.judge()
    for name in WAITS:
        (plant.drop / "hostile" / name).unlink()


def test_by_the_upload_door(plant: ScanPlant) -> None:
    good = scan_paper.png(scan_paper.paper("good by the door"))
    with Watch(plant) as watch:
        for name, make in {**HOSTILE, "good.png": lambda: good}.items():
            if name == "empty.png":
                with pytest.raises(Problem):
                    upload(plant, name, make())
            else:
                upload(plant, f"up {name}", make())
        bad = {f"up {name}" for name in set(HOSTILE) - GOOD - {"empty.png"}}
        fine = {f"up {name}" for name in {*GOOD, "good.png"}}
        wanted = dict.fromkeys(bad, "failed") | dict.fromkeys(fine, "joined")
        until(lambda: states(plant, "door") == wanted, 120, lambda: f"{states(plant, 'door')} {problems(plant)}")
    said = problems(plant)
    assert {name: said.get(name) for name in bad if not said.get(name, "").startswith("WB-80")} == {}
    assert hashlib.sha256(good).hexdigest() in {row[0] for row in plant.rows("SELECT master FROM page")}
    watch.judge()


def upload(plant: ScanPlant, name: str, data: bytes) -> None:
    about: dict[str, Any] = {
        "name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "station": "door"
    }  # fmt: skip
    begun = plant.clerk.post("/api/v1/scan/uploads", about)
    while begun["state"] == "open":
        at = begun["received"]
        begun = plant.clerk.send("PUT", f"/api/v1/scan/uploads/{begun['id']}?offset={at}", data[at : at + PIECE])
    assert begun["state"] == "done"


@pytest.mark.parametrize("after", [0, 4])
def test_a_full_disk_while_pages_are_kept(plant: ScanPlant, shim: Shim, after: int) -> None:
    """Full for the blobs only, after so many writes: nothing is lost, and it goes on by itself when there is room."""
    scan = Scan(plant)
    before = shim.failed
    shim.fail(errno.ENOSPC, after=after, under=plant.state / "blobs")
    try:
        scan.send()
        until(lambda: shim.failed > before + 1, 60, "the disk was not full for anybody")
        assert not list((plant.state / "blobs").glob(".*")), "nothing half written is left"
        known = plant.shown(scan.batch)
        assert known["state"] == "open", "a full disk is no fault of the files"
        assert all(file["state"] != "failed" for file in known["files"])
    finally:
        shim.work()
    until(scan.look, SECONDS, scan.story)
    scan.check()


def test_at_the_end_all_fits_together(plant: ScanPlant) -> None:
    assert plant.drop.joinpath(STATION, ".done").is_dir()
    with contextlib.suppress(FileNotFoundError):
        assert not [*Path(plant.state / "tmp" / "taking").glob("*")]
    plant.verify()
