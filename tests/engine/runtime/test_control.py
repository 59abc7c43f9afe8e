"""Commands over the socket: only of this user, only acts, and always an answer."""

from __future__ import annotations

import json
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from engine.message import Refused
from engine.runtime import control
from tests.engine.runtime.house import engine, one_route, order
from tests.engine.world import World

SITE = one_route("      - {id: out, call: {to: sink, operation: send}}\n")


def ask(world: World, act: str, **arguments: Any) -> Any:
    return deferToThread(control.ask, world.daemon.options.state, act, arguments)


def raw(path: Path, line: bytes) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(str(path))
        link.sendall(line + b"\n")
        answer: dict[str, Any] = json.loads(link.makefile("rb").readline())
        return answer


async def test_an_act_is_done_and_its_refusal_told(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        socket_path = tmp_path / "var" / "control.sock"
        assert stat.S_IMODE(socket_path.stat().st_mode) == 0o600

        def refuse(request: object) -> None:
            if len(world.channel("sink").requests) == 1:
                raise Refused("WB-3003", "no")

        world.channel("sink").answer = refuse
        await world.put(order(1), "order")
        (dead,) = await world.ended(state="dead")
        assert await ask(world, "runs.retry", run_id=dead["id"], user="op") is None
        await world.ended()
        with pytest.raises(Refused, match="WB-7301"):
            await ask(world, "runs.retry", run_id=dead["id"], user="op")
    assert not socket_path.exists()


@pytest.mark.parametrize(
    "line",
    [
        b"no json", b"[" * 60_000, b"[]", b"5", b"null", b"{}", b'{"act": "runs.unheard"}', b'{"act": "os.system"}',
        b'{"act": "runs._wake"}', b'{"act": "nowhere.retry"}', b'{"act": "runs.retry", "arguments": 5}',
        b'{"act": "runs.retry", "arguments": {"wrong": 1}}', b'{"act": "runs.select"}', b'{"act": "read.mask"}',
    ],
)  # fmt: skip
async def test_nonsense_is_answered(tmp_path: Path, line: bytes) -> None:
    async with engine(tmp_path, SITE) as world:
        answer = await deferToThread(raw, world.daemon.options.state / "control.sock", line)
        assert answer["code"].startswith("WB-74")


async def test_a_function_that_is_no_act_is_not_called(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        await world.put(order(1), "order")
        (row,) = await world.ended()
        with pytest.raises(Refused, match="WB-7401"):
            await ask(world, "runs.by_id", run_id=row["id"])


def test_no_daemon(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError):
        control.ask(tmp_path, "runs.retry", {})


def test_acts_are_public_functions_of_their_own_module() -> None:
    assert control.find("runs.retry").__module__ == "engine.ops.runs"
    with pytest.raises(Refused):
        control.find("runs.bindparam")


async def test_a_state_folder_with_a_long_name(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 120)
    folder.mkdir()
    async with engine(folder, SITE) as world:
        assert len(str(world.daemon.options.state)) > 108
        with pytest.raises(Refused, match="WB-"):
            await ask(world, "runs.retry", run_id="unknown", user="op")
    assert not (folder / "var" / "control.sock").exists()
