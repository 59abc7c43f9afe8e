"""`kill -9` of the real daemon at every named point: at the end the peers have everything once, and nothing twice.

Two plants work side by side, each on its own cases; a test waits for the result of its case.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from engine.registry import Registry
from engine.site.load import load_site
from tests.crash import points
from tests.crash.children import ROOT
from tests.crash.plant import ONCE, Kind, Plant, plant
from tests.crash.points import Case

CASES = points.cases()
Results = dict[Case, "Future[None]"]


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """The cases that this run of pytest asks for, at work in two threads."""
    wanted: list[Any] = [item.callspec.params["case"] for item in request.session.items
              if isinstance(item, pytest.Function) and item.originalname == "test_killed_at"
              and item.module is request.module]  # fmt: skip
    made: Results = {case: Future() for case in wanted}
    end = threading.Event()
    kinds: tuple[Kind, ...] = ("person", "repeat")
    threads = [
        threading.Thread(target=_work, args=(tmp_path_factory.mktemp(kind), kind, made, end)) for kind in kinds
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    yield made
    end.set()
    for thread in threads:
        thread.join(2 * ONCE)


def _work(folder: Path, kind: Kind, made: Results, end: threading.Event) -> None:
    mine = [(case, future) for case, future in made.items() if case.kind == kind]
    try:
        with plant(folder, kind) as here:
            for case, future in mine:
                if end.is_set():
                    return
                _settle(future, case, here)
    except BaseException as error:  # noqa: BLE001 - each test that waits must hear of it
        for _, future in mine:
            if not future.done():
                future.set_exception(error)


def _settle(future: Future[None], case: Case, here: Plant) -> None:
    try:
        run(case, here)
    except Exception as error:  # noqa: BLE001 - the test's own report; the next case goes on
        here.arming.unlink(missing_ok=True)
        if not here.daemon.alive:
            here.start_daemon()
        future.set_exception(error)
    else:
        future.set_result(None)


def run(case: Case, here: Plant) -> None:
    """One order, killed at the case's points; then everything is counted at the peers."""
    order, before = here.order_id(), here.evidence.everything()
    here.office.answered.clear()
    here.office.taken_back.clear()
    here.office.retried.clear()
    pushed = here.push("order", order)
    here.kill_at(case.points, order)
    here.finish(order)
    [answer] = here.accepted(pushed)
    assert answer["result"] == "0"
    counts = here.counts(order)
    assert (counts.rows, counts.folders, counts.reports) == (1, 1, 1)
    assert (counts.counting, counts.accepted) == (1, 1)
    assert here.office.answered == ([(order, case.doubt)] if case.doubt else [])
    lost = case.points[0] in points.LOST
    assert here.office.taken_back == ([order] if lost else [])
    assert here.office.retried == []
    assert counts.signatures <= 1 + lost
    assert counts.pushes == 1 or case.kind == "repeat"
    assert len(here.evidence.different_ids(order)) == 1, "the ids are equal on every attempt"
    after = here.evidence.everything()
    assert after == {**before, **{what: before[what] + 1 for what in ("rows", "folders", "accepted")}}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_killed_at(case: Case, results: Results):
    results[case].result(timeout=20 * 60)


def test_every_step_of_the_route_is_there():
    route = load_site(ROOT, Registry()).routes["exam_report"]
    assert [step.id for step in route.steps] == list(points.STEPS)
