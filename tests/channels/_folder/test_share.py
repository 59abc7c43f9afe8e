"""The share that this computer reaches: a thread that hangs is given up, and nobody is sent after it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from channels._folder.scan import Found, Limits
from channels._folder.share import Near
from engine.message import InDoubt, Unavailable
from tests.contracts.base import until
from tests.contracts.fakes import World, make_world


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path)


def near(world: World, root: Path) -> Near:
    return Near("it", root, Limits(1.0, 10, 100), 5.0, world.services)


async def test_a_folder_of_the_site_is_made_another_is_not(world: World) -> None:
    own, other = world.services.site / "data", world.services.state / "share"
    await near(world, own).start()
    await near(world, other).start()
    assert (own.is_dir(), other.exists()) == (True, False)
    with pytest.raises(Unavailable, match="WB-3001"):
        await near(world, other).probe()


async def test_a_hung_share_is_given_up_until_it_answers(world: World, reactor: Any) -> None:
    share, gate = near(world, world.services.site), threading.Event()
    with pytest.raises(InDoubt, match="WB-3002"):
        await share.run(lambda: gate.wait(30), 0.1)
    assert share.hung
    gate.set()
    await until(reactor, lambda: not share.hung)


async def test_an_error_of_the_system_is_one_line(world: World) -> None:
    def broken() -> None:
        raise OSError(5, "Input/output error")

    with pytest.raises(Unavailable, match=r"the folder cannot be used \(Input/output error\)"):
        await near(world, world.services.site).run(broken, 5.0)


async def test_make_tells_where_and_a_file_is_read_where_it_lies(world: World) -> None:
    share = near(world, world.services.site)
    assert await share.make("p/o", "run-1", "", 5.0) == (True, str(world.services.site / "p" / "o"))
    assert await share.make("p/o", "run-1", "", 5.0) == (False, str(world.services.site / "p" / "o"))
    file = world.services.site / "p" / "o" / "a.pdf"
    assert await share.bring(Found("p/o/a.pdf", file, (1, 2, 3))) == file
