"""Slow writers, restarts, two stations, wrong separators, and people who do things at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from PIL import Image

from records import codes
from tests.crash import scan_paper
from tests.crash.children import until
from tests.crash.office import Away, Problem
from tests.crash.scan_flow import SECONDS, Scan
from tests.crash.scan_plant import Clerk, ScanPlant, scan_plant

PIECES = 4
"""In which a slow scanner writes a file."""


@pytest.fixture(name="plant", scope="module")
def fixture_plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScanPlant]:
    with scan_plant(tmp_path_factory.mktemp("desk")) as plant:
        plant.station("left")
        plant.station("right")
        yield plant


@pytest.fixture(name="second", scope="module")
def fixture_second(plant: ScanPlant) -> Clerk:
    clerk = Clerk(plant.base, plant.state, "second")
    clerk.make_user()
    return clerk


def waits(plant: ScanPlant, name: str) -> bool:
    """Whether PROBLEMS says that the file is not whole."""
    try:
        items = plant.clerk.post("/api/v1/scan/problems/search", {"limit": 200})["items"]
    except Away:
        plant.revive()
        return False
    return any(name in one["subject"] for one in items if one["kind"] == "incomplete")


def files(plant: ScanPlant, like: str) -> list[tuple[Any, ...]]:
    return plant.rows("SELECT name, station, state FROM scan_file WHERE name LIKE ?", like)


# --- what comes slowly, or from two sides


@pytest.mark.parametrize("kill", [False, True], ids=["", "killed"])
def test_two_stations_write_slowly_and_no_page_is_taken_early_or_mixed(plant: ScanPlant, kill: bool) -> None:
    scans = [Scan(plant, station="left"), Scan(plant, station="right")]
    for number in range(len(scans[0].files)):
        for piece in range(1, PIECES + 1):
            for scan in scans:
                name, data = list(scan.files.items())[number]
                _written(plant, scan, name, data[: len(data) * piece // PIECES])
            if piece < PIECES:
                _none_is_taken(plant, [list(scan.files)[number] for scan in scans])
            if kill and number == 0 and piece == PIECES // 2:
                plant.kill()
                plant.start_daemon()
    for scan in scans:
        until(scan.look, SECONDS, scan.story)
        scan.check()
        stations = {row[1] for row in files(plant, f"{scan.name}-%")}
        assert stations == {scan.station}


def _written(plant: ScanPlant, scan: Scan, name: str, data: bytes) -> None:
    """So far, under the name that it will keep."""
    place = plant.drop / scan.station
    place.mkdir(exist_ok=True)
    with (place / name).open("ab") as out:
        out.write(data[out.tell() :])


def _none_is_taken(plant: ScanPlant, names: Sequence[str]) -> None:
    """Each was looked at and found unfinished."""
    for name in names:
        until(lambda n=name: waits(plant, n), 30, lambda n=name: f"{n} is not shown; {plant.daemon.tail()}")  # type: ignore[misc]
        assert not files(plant, name), "it was taken before it was whole"


# --- separators


def _sheets(header: str, documents: int, images: int) -> Image.Image:
    return scan_paper.sheet(codes.header(header, documents, images), f"{header} header")


def _missing(header: str) -> list[Image.Image]:
    """The second of two."""
    return [_sheets(header, 2, 0), *_document(header, 1), scan_paper.paper(f"{header} page b")]


def _doubled(header: str) -> list[Image.Image]:
    return [_sheets(header, 2, 0), *_document(header, 1), *_document(header, 2), *_document(header, 2)[:1]]


def _swapped(header: str) -> list[Image.Image]:
    return [_sheets(header, 2, 0), *_document(header, 2), *_document(header, 1)]


def _misread(header: str) -> list[Image.Image]:
    text = codes.separator(header, 1)
    wrong = text[:-1] + ("A" if text[-1] != "A" else "B")
    return [_sheets(header, 1, 0), scan_paper.sheet(wrong, f"{header} x"), scan_paper.paper(f"{header} page a")]


def _document(header: str, number: int) -> list[Image.Image]:
    return [
        scan_paper.sheet(codes.separator(header, number), f"{header} {number}"),
        scan_paper.paper(f"{header} page {number}"),
    ]


@pytest.mark.parametrize("stack", [_missing, _doubled, _swapped, _misread], ids=lambda stack: stack.__name__[1:])
def test_a_wrong_separator_stops_the_batch(plant: ScanPlant, stack: Callable[[str], list[Image.Image]]) -> None:
    batch, header = plant.new_batch(None, None)
    images = stack(header)
    plant.put("desk", f"{header}.tif", scan_paper.tiff(images))
    until(lambda: files(plant, f"{header}.tif") == [(f"{header}.tif", "desk", "joined")], 60, plant.daemon.tail)
    plant.clerk.send("PATCH", f"/api/v1/scan/batches/{batch}", {"sheets": len(images)})
    found = plant.shown(batch)
    assert len(found["pages"]) == len(images)
    with pytest.raises(Problem):
        plant.clerk.post(f"/api/v1/scan/batches/{batch}/close", {})
    assert found["state"] == "stopped" or "documents" in found["ledger"]["why"]


# --- at the same moment


def _pages(plant: ScanPlant, count: int, sheets: int | None = None) -> tuple[str, str]:
    """A batch and the name of its file, which begins to come."""
    batch, header = plant.new_batch(sheets or count, None)
    pages = [_sheets(header, 0, 0), *(scan_paper.paper(f"{header} {number}") for number in range(1, count))]
    plant.put("desk", f"{header}.tif", scan_paper.tiff(pages))
    return batch, f"{header}.tif"


def _both(*acts: Callable[[], Any]) -> list[Any]:
    """What each answered, or its problem; they begin together."""
    gate, answers = threading.Barrier(len(acts)), list[Any]([None] * len(acts))

    def one(place: int) -> None:
        gate.wait(30)
        try:
            answers[place] = acts[place]()
        except Problem as problem:
            answers[place] = problem

    threads = [threading.Thread(target=one, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_of_two_operators_one_works_on_the_batch(plant: ScanPlant, second: Clerk) -> None:
    batch, name = _pages(plant, 3)
    until(lambda: files(plant, name) and files(plant, name)[0][2] == "joined", 60, plant.daemon.tail)
    page = plant.shown(batch)["pages"][1]["id"]
    for clerk in (plant.clerk, second, plant.clerk):
        act = {"act": "rotate", "pages": [page], "by": 90}
        address = f"/api/v1/scan/batches/{batch}"
        answers = _both(
            lambda: plant.clerk.post(f"{address}/acts", act),  # noqa: B023
            lambda: second.post(f"{address}/acts", act),  # noqa: B023
        )
        refused = [one for one in answers if isinstance(one, Problem)]
        assert [(one.status, "WB-8102" in str(one)) for one in refused] == [(409, True)], answers
        holder = second if isinstance(answers[0], Problem) else plant.clerk
        holder.post(f"{address}/release", {})
        assert clerk is not None
    found = plant.shown(batch)
    assert found["pages"][1]["recipe"]["rotate"] == 270, "three acts were taken, each once"
    assert [act["kind"] for act in found["acts"]].count("rotate") == 3


def test_acts_while_further_pages_come(plant: ScanPlant) -> None:
    batch, name = _pages(plant, 12)
    turned = dropped = ""
    while not (found := files(plant, name)) or found[0][2] != "joined":
        pages = [page for page in plant.shown(batch)["pages"] if page["state"] == "kept"]
        if pages and not turned:
            turned = pages[0]["id"]
            body = {"act": "rotate", "pages": [turned], "by": 90}
        elif len(pages) > 2 and not dropped:
            dropped = pages[2]["id"]
            body = {"act": "drop", "pages": [dropped], "reason": "not of this patient"}
        else:
            continue
        plant.clerk.post(f"/api/v1/scan/batches/{batch}/acts", body)
    shown = plant.shown(batch)
    assert [page["number"] for page in shown["pages"]] == list(range(1, 13)), "in the order of the file"
    states = {page["id"]: page["state"] for page in shown["pages"]}
    assert turned
    assert states[dropped] == "dropped"
    assert [page["recipe"]["rotate"] for page in shown["pages"] if page["id"] == turned] == [90]
    assert shown["ledger"]["images"] == 12
    assert shown["ledger"]["balances"]


def test_a_batch_cannot_be_closed_while_pages_come(plant: ScanPlant) -> None:
    batch, name = _pages(plant, 12)
    tried: list[str] = []
    while plant.shown(batch)["state"] == "open":
        try:
            plant.clerk.post(f"/api/v1/scan/batches/{batch}/close", {})
        except Problem as problem:
            tried.append(str(problem))
    shown = plant.shown(batch)
    assert tried
    assert all("WB-8105" in one for one in tried), tried
    assert (shown["state"], len(shown["pages"])) == ("closed", 12)
    assert files(plant, name)[0][2] == "joined"


def test_one_act_is_undone_once(plant: ScanPlant) -> None:
    batch, name = _pages(plant, 3)
    until(lambda: files(plant, name) and files(plant, name)[0][2] == "joined", 60, plant.daemon.tail)
    page = plant.shown(batch)["pages"][1]["id"]
    address = f"/api/v1/scan/batches/{batch}"
    for _ in range(2):
        plant.clerk.post(f"{address}/acts", {"act": "rotate", "pages": [page], "by": 90})
    newest = plant.shown(batch)["acts"][0]["id"]
    undo = [lambda: plant.clerk.post(f"{address}/undo", {"act": newest})] * 3
    answers = _both(*undo, lambda: plant.clerk.post(f"{address}/acts", {"act": "blank", "pages": [page]}))
    refused = [one for one in answers if isinstance(one, Problem)]
    assert ["WB-8103" in str(one) for one in refused] == [True] * 2, answers
    found = plant.shown(batch)["pages"][1]
    assert (found["recipe"]["rotate"], found["state"]) == (90, "blank")


def test_at_the_end_all_fits_together(plant: ScanPlant) -> None:
    pages = plant.rows("SELECT count(*), count(DISTINCT file || ' ' || number) FROM page")
    assert pages[0][0] == pages[0][1]
    plant.verify()
