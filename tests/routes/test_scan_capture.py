"""The route that takes scanned files in, in the demonstration's own words, from a folder to the records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine.channel import HealthState
from engine.site.nodes import load_yaml
from engine.store.schema_records import scan_file
from records import problems
from tests.channels._folder.pictures import jpeg, pdf, png, tiff
from tests.engine.world import World, write_site

ROOT = Path(__file__).parents[2]


def route() -> str:
    """The demonstration's route, with a quick folder."""
    text = (ROOT / "routes.yaml").read_text("utf-8")
    assert "scan_drop: {type: folder, path: var/demo/scans, settle: 1s}" in text
    start = text.index("  scan_capture:\n")
    end = text.find("\n\n", start)
    return (
        "connections:\n  records: {type: records}\n"
        "  scan_drop: {type: folder, path: var/demo/scans, settle: 50ms, poll: 20ms}\n"
        f"routes:\n{text[start : end if end > 0 else None]}\n"
    )


def files(world: World) -> list[Any]:
    query = select(scan_file.c.station, scan_file.c.name, scan_file.c.size).order_by(scan_file.c.id)
    return [tuple(row) for row in world.read(lambda conn: conn.execute(query).all())]


def test_the_demonstration_has_it() -> None:
    assert "scan_capture" in load_yaml(ROOT / "routes.yaml", "routes.yaml")["routes"]


@pytest.mark.limit(90)
async def test_from_the_scanners_to_the_records_with_a_restart(tmp_path: Path) -> None:
    site = write_site(tmp_path, route())
    world = await World(site).start()
    folder = site / "var" / "demo" / "scans"
    for station in ("north", "south"):
        (folder / station).mkdir(parents=True)
    for number in range(6):
        (folder / "north" / f"{number}.jpg").write_bytes(jpeg(b"north %d" % number))
        (folder / "south" / f"{number}.png").write_bytes(png(b"south %d" % number))
    half = folder / "north" / "9.tif"
    half.write_bytes(tiff(2)[:-9])
    (folder / "direct.pdf").write_bytes(pdf())
    await world.until(lambda: len(files(world)) == 13)
    states = world.daemon.runtime.health()
    await world.until(lambda: world.daemon.runtime.health()["scan_drop"].state is HealthState.DEGRADED)
    assert "scan_drop" in states
    await world.stop()
    half.write_bytes(tiff(2))
    world = await World(site).start()
    await world.until(lambda: len(files(world)) == 14)
    await world.until(lambda: (folder / "north" / ".done" / "9.tif").exists())
    found = files(world)
    assert [name for station, name, _ in found if station == "north"] == [f"{n}.jpg" for n in range(6)] + ["9.tif"]
    assert [name for station, name, _ in found if station == "south"] == [f"{n}.png" for n in range(6)]
    assert [name for station, name, _ in found if station == "scanner"] == ["direct.pdf"]
    await world.until(lambda: world.daemon.runtime.health()["scan_drop"].state is HealthState.UP)
    await world.stop()
    assert not [path for path in folder.rglob("*.*") if path.is_file() and ".done" not in path.parts]


def listed(world: World) -> list[tuple[str, str, str]]:
    found = world.read(lambda conn: problems.search(conn, ["scan_drop"], None, 10, 0))
    return [(item.kind, item.subject, item.reason) for item in found.items]


@pytest.mark.limit(60)
async def test_a_file_of_few_bytes_is_among_the_problems_until_it_is_whole_or_gone(tmp_path: Path) -> None:
    site = write_site(tmp_path, route())
    world = await World(site).start()
    folder = site / "var" / "demo" / "scans" / "north"
    folder.mkdir(parents=True)
    (folder / "1.jpg").write_bytes(jpeg()[:5])
    (folder / "2.jpg").write_bytes(b"")
    await world.until(lambda: len(listed(world)) == 2)
    assert sorted(listed(world)) == [
        ("incomplete", "north/1.jpg", "it has 5 bytes so far, too few to be a page"),
        ("incomplete", "north/2.jpg", "it is empty so far"),
    ]
    (folder / "1.jpg").write_bytes(jpeg())
    (folder / "2.jpg").unlink()
    await world.until(lambda: not listed(world))
    await world.until(lambda: [name for _, name, _ in files(world)] == ["1.jpg"])
    await world.stop()
