"""`kill -9` of the real daemon at each point that a scanned page passes, from the scanner's folder to the HIS.

Two plants work side by side, each on its own cases; a test waits for the result of its case.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from tests.crash import scan_points
from tests.crash.scan_flow import Scan, run
from tests.crash.scan_plant import ScanPlant, scan_plant
from tests.crash.scan_points import Case, Kind

CASES = scan_points.cases()
KINDS: tuple[Kind, ...] = ("person", "repeat")
Results = dict[Case | Kind, "Future[None]"]
"""Of each case, and of each plant at its end."""


@pytest.fixture(name="results", scope="module")
def fixture_results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """The cases that this run of pytest asks for, at work in two threads."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    wanted: list[Any] = [item.callspec.params["case"] for item in items if item.originalname == "test_killed_at"
                         and item.module is request.module]  # fmt: skip
    made: Results = {key: Future() for key in (*wanted, *KINDS)}
    end = threading.Event()
    threads = [
        threading.Thread(target=_work, args=(tmp_path_factory.mktemp(kind), kind, made, end)) for kind in KINDS
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    yield made
    end.set()
    for thread in threads:
        thread.join(120)


def _work(folder: Path, kind: Kind, made: Results, end: threading.Event) -> None:
    mine: list[Case] = [case for case in made if isinstance(case, Case) and case.kind == kind]
    scans: list[Scan] = []
    try:
        with scan_plant(folder, kind) as plant:
            for case in mine:
                if not end.is_set():
                    _settle(made[case], case, plant, scans)
            _judge(plant, scans)
            made[kind].set_result(None)
    except BaseException as error:  # noqa: BLE001 - each test that waits must hear of it
        for key in (*mine, kind):
            if not made[key].done():
                made[key].set_exception(error)


def _settle(future: Future[None], case: Case, plant: ScanPlant, scans: list[Scan]) -> None:
    try:
        scans.append(run(case, plant))
    except Exception as error:  # noqa: BLE001 - the test's own report; the next case goes on
        plant.arming.unlink(missing_ok=True)
        plant.revive()
        future.set_exception(error)
    else:
        future.set_result(None)


def _judge(plant: ScanPlant, scans: list[Scan]) -> None:
    """All batches once more, after all kills; nothing is there besides."""
    for scan in scans:
        scan.check()
    pages = plant.rows("SELECT count(*), count(DISTINCT master) FROM page JOIN batch ON batch.id = page.batch")
    batches = plant.rows("SELECT count(*) FROM batch")
    assert (pages, batches) == ([(6 * len(scans), 6 * len(scans))], [(len(scans),)])
    plant.verify()  # what a kill left half written has no name yet, and goes with the next `prune`


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_killed_at(case: Case, results: Results) -> None:
    results[case].result(timeout=10 * 60)


@pytest.mark.parametrize("kind", KINDS)
def test_at_the_end_everything_is_there_once(kind: Kind, results: Results) -> None:
    results[kind].result(timeout=10 * 60)
