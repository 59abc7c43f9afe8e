"""Files that are made while somebody waits are gone afterwards."""

from __future__ import annotations

import asyncio

import pytest

from tests.web.api.world import World
from web.api import pdfs


def test_a_room_is_nobody_elses_and_left_clean(world: World) -> None:
    async def use() -> None:
        async with pdfs.room(world.bridge) as one, pdfs.room(world.bridge, "zip") as two:
            assert one != two
            assert one.parent.stat().st_mode & 0o777 == 0o700
            one.write_bytes(b"x")
            raise RuntimeError

    loop = asyncio.new_event_loop()
    with pytest.raises(RuntimeError):
        loop.run_until_complete(use())
    loop.close()
    assert list(pdfs.folder_of(world.bridge).iterdir()) == []
