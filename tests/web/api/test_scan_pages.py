"""Pictures of pages: from the store, or made when they are asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select
from twisted.internet.defer import Deferred, fail, succeed

from engine.message import Refused
from engine.store.schema import blob
from engine.store.schema_records import batch, page
from records.recipe import key as recipe_key
from tests.records import seed
from tests.web.api.world import Answer, Browser, World
from web.api import scan_pages
from web.api.auth import Person

API = "/api/v1/scan/pages"
PERSON = Person(1, "ana", "Ana", ("SC",), "en", "c", "s")
PNG = b"\x89PNG a master"


class Painter:
    """Makes pictures that say which recipe they were asked for; `between` runs while it paints."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Any, ...]] = []
        self.failure: Exception | None = None
        self.between: Any = None

    def run(self, job: str, *args: Any, crew: str = "") -> Deferred[Any]:
        self.jobs.append((job, args, crew))
        if self.failure is not None:
            return fail(self.failure)
        master, recipe, folder = args
        assert Path(master).read_bytes() == PNG
        made = {}
        for which in ("thumb", "view"):
            made[which] = f"{folder}/page.{which}.jpg"
            Path(made[which]).write_bytes(f"{which} {recipe}".encode())
        if self.between is not None:
            self.between()
        return succeed(made | {"width": 1, "height": 1})


class Scene:
    """A page with its master in the store."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.painter = world.bridge.workers = Painter()  # type: ignore[assignment]
        master = world.blobs.put(PNG, "image/png").sha256

        def rows(conn: Connection) -> None:
            self.batch = seed.batch(conn)
            (self.key,) = seed.pages(conn, self.batch, 1, master=master)
            (self.id,) = seed.public(conn, page, self.key)
            (self.batch_id,) = seed.public(conn, batch, self.batch)

        world.write(rows)
        self.browser: Browser = world.sign_in("SC", login="ana")

    def get(self, which: str, **headers: str) -> Answer:
        return self.browser.get(f"{API}/{self.id}/{which}", **headers)

    def turn(self, recipe: dict[str, Any]) -> None:
        values = {"recipe": recipe, "thumb": None, "view": None}
        self.world.write(lambda conn: conn.execute(page.update().values(values)))

    def row(self) -> Any:
        return self.world.store.read_now(lambda conn: conn.execute(select(page)).one())


@pytest.fixture(name="scene")
def fixture_scene(world: World) -> Scene:
    return Scene(world)


def test_pictures_are_made_once_and_kept(scene: Scene) -> None:
    scene.turn({"rotate": 90})
    assert scene.get("thumb").body == b"thumb {'rotate': 90}"
    assert scene.get("view").body == b"view {'rotate': 90}"
    scene.get("thumb")
    ((job, args, crew),) = scene.painter.jobs
    assert (job, args[1], crew) == ("records.picture:render", {"rotate": 90}, "pictures")
    names = scene.world.store.read_now(lambda conn: set(conn.execute(select(blob.c.sha256)).scalars()))
    assert {scene.row().thumb, scene.row().view} <= names
    assert list((scene.world.folder / "cache").iterdir()) == []
    assert scan_pages._making == {}


def test_a_picture_of_a_named_recipe_never_changes(scene: Scene) -> None:
    scene.turn({"rotate": 90})
    named = scene.get(f"view?r={recipe_key({'rotate': 90})}")
    assert named.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert named.headers["content-type"] == "image/jpeg"
    for path in ("view", "view?r=0123456789abcdef", "view?r="):
        assert scene.get(path).headers["cache-control"] == "private, no-cache"
    again = scene.get("view", if_none_match=named.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    scene.turn({})
    assert "immutable" in scene.get("view?r=").headers["cache-control"]
    assert scene.get("view?r=../x").status == 422


def test_what_is_turned_meanwhile_is_made_anew(scene: Scene) -> None:
    def turned() -> None:
        scene.painter.between = None
        scene.turn({"rotate": 180})

    scene.painter.between = turned
    assert scene.get("view").body == b"view {'rotate': 180}"
    assert [args[1] for _, args, _ in scene.painter.jobs] == [{}, {"rotate": 180}]


def test_the_master_is_sent_as_it_came(scene: Scene) -> None:
    sent = scene.get("master")
    assert (sent.body, sent.headers["content-type"]) == (PNG, "image/png")
    assert sent.headers["content-disposition"] == f'inline; filename="{scene.id}.png"'
    assert "immutable" in sent.headers["cache-control"]
    scene.world.write(lambda conn: conn.execute(page.update().values(media_type="image/tiff")))
    saved = scene.get("master")
    assert saved.headers["content-type"] == "application/octet-stream"
    assert saved.headers["content-disposition"].startswith("attachment")
    scene.world.write(lambda conn: conn.execute(page.update().values(master="0" * 64)))
    assert scene.get("master").status == 404


def test_looks_are_recorded_by_batch(scene: Scene) -> None:
    owner = scene.world.write(seed.patient)
    scene.world.write(lambda conn: conn.execute(page.update().values(patient=owner)))
    for which in ("thumb", "view", "master", "thumb"):
        assert scene.get(which).status == 200
    (row,) = [row for row in scene.world.audit() if row["act"] == "scan.open"]
    assert (row["patient"], row["subject"]) == (owner, scene.batch_id)


def test_a_picture_that_cannot_be_made_says_so(scene: Scene) -> None:
    scene.painter.failure = Refused("WB-8010", "the master is no picture")
    assert (scene.get("thumb").status, scene.get("thumb").code) == (409, "WB-8010")
    assert list((scene.world.folder / "cache").iterdir()) == []
    assert scene.browser.get(f"{API}/NOBODY/thumb").code == "WB-7006"
    assert scene.world.sign_in("PH", login="dr").get(f"{API}/{scene.id}/thumb").status == 403


def test_many_who_ask_wait_for_one(scene: Scene) -> None:
    async def asked() -> list[Any]:
        row = scan_pages._seen(scene.world.bridge, PERSON, scene.id)
        return list(await asyncio.gather(*(scan_pages._made(scene.world.bridge, row) for _ in range(5))))

    rows = asyncio.run(asked())
    assert len(scene.painter.jobs) == 1
    assert len({row.view for row in rows}) == 1
