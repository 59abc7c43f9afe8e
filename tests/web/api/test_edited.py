"""A body edited on a screen."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection
from twisted.internet.defer import Deferred, maybeDeferred

from engine.message import Refused
from engine.transform.accept import accept
from tests.engine.ops import seed
from tests.web.api.world import World
from web.api.acts import Edited
from web.api.edited import _as_text


class Workers:
    """Does the job here."""

    def run(self, job: str, *args: Any, **_: Any) -> Deferred[Any]:
        assert job == "engine.transform.jobs:accept"
        return maybeDeferred(accept, *args)


@pytest.fixture(name="run_id")
def fixture_run(world: World) -> str:
    world.bridge.workers = Workers()
    made = world.write(lambda conn: seed.run(conn, seed.labels(), message_id=seed.message(conn), state="dead"))
    return str(made[1])


def test_an_edited_body_is_read_and_sent_as_a_new_run(world: World, run_id: str) -> None:
    answer = world.sign_in("OP").post(f"/api/v1/runs/{run_id}/edit", {"body": "<Request/>", "note": "typo"})
    assert (answer.status, answer.json()) == (200, {"run_id": "0" * 36})
    (called,) = world.acts.called
    assert called[:4] == ("edit", run_id, "demo", "typo")
    assert called[4] == Edited("<Request/>", "application/xml", {})


def test_what_cannot_be_read_is_refused_and_not_sent(world: World, run_id: str) -> None:
    answer = world.sign_in("OP").post(f"/api/v1/runs/{run_id}/edit", {"body": "<Request>"})
    assert answer.status == 409
    assert answer.code.startswith("WB-")
    assert world.acts.called == []


def test_a_part_keeps_its_labels_and_is_not_read(world: World, run_id: str) -> None:
    def part(conn: Connection) -> str:
        return seed.run(conn, message_id=seed.message(conn), parent=1, state="dead")[1]

    made = world.write(part)
    assert world.sign_in("OP").post(f"/api/v1/runs/{made}/edit", {"body": "<Part/>"}).status == 200
    assert world.acts.called[0][4].labels is None


def test_what_is_gone(world: World, run_id: str) -> None:
    browser = world.sign_in("OP")
    assert browser.post(f"/api/v1/runs/{'0' * 8}-0000-0000-0000-{'0' * 12}/edit", {"body": "x"}).status == 404
    assert world.bridge.site is not None
    world.bridge.site.routes.clear()
    assert browser.post(f"/api/v1/runs/{run_id}/edit", {"body": "<Request/>"}).code == "WB-7604"
    world.acts.refusal = Refused("WB-7301", "no")


def test_a_screen_sends_utf_8() -> None:
    assert _as_text("application/xml") == "application/xml"
    assert _as_text("text/xml; charset=gbk") == "text/xml; charset=utf-8"
    assert _as_text("application/hl7-v2") == "application/hl7-v2; charset=utf-8"
