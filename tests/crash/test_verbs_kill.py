"""`kill -9` of the real daemon at each point that each verb passes, on a site that uses all of them.

Several plants work side by side on the cases; a test waits for the result of its own.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from tests.crash import verbs_points
from tests.crash.verbs_flows import FLOWS, run
from tests.crash.verbs_plant import VerbsPlant, verbs_plant
from tests.crash.verbs_points import Case

CASES = verbs_points.cases()
PLANTS = 2
Results = dict[Case, "Future[None]"]


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """The cases that this run of pytest asks for, at work in threads."""
    wanted: list[Any] = [item.callspec.params["case"] for item in request.session.items
              if isinstance(item, pytest.Function) and item.originalname == "test_killed_at"
              and item.module is request.module]  # fmt: skip
    made: Results = {case: Future() for case in wanted}
    left: queue.SimpleQueue[Case] = queue.SimpleQueue()
    for case in wanted:
        left.put(case)
    end = threading.Event()
    threads = [
        threading.Thread(target=_work, args=(tmp_path_factory.mktemp("plant"), left, made, end))
        for _ in range(min(PLANTS, len(wanted)))
    ]
    for thread in threads:
        thread.start()
    yield made
    end.set()
    for thread in threads:
        thread.join(120)


def _work(folder: Path, left: queue.SimpleQueue[Case], made: Results, end: threading.Event) -> None:
    case = None
    try:
        with verbs_plant(folder) as plant:
            while not left.empty() and not end.is_set():
                case = left.get_nowait()
                _settle(made[case], case, plant)
    except queue.Empty:
        return
    except BaseException as error:  # noqa: BLE001 - each test that waits must hear of it
        for future in made.values():
            if not future.done():
                future.set_exception(error)


def _settle(future: Future[None], case: Case, plant: VerbsPlant) -> None:
    try:
        run(case, plant)
    except Exception as error:  # noqa: BLE001 - the test's own report; the next case goes on
        plant.arming.unlink(missing_ok=True)
        plant.revive()
        future.set_exception(error)
    else:
        future.set_result(None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{case.point}")
def test_killed_at(case: Case, results: Results) -> None:
    results[case].result(timeout=15 * 60)


def test_every_kind_of_message_is_killed() -> None:
    assert {case.kind for case in CASES} == set(FLOWS)
