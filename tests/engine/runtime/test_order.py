"""Order per key: over failures, restarts, splits and any interleaving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from engine.message import Refused, Request, Unavailable
from engine.ops import order as ops_order
from engine.ops import runs
from engine.runtime import journal, order
from engine.runtime.states import State
from engine.store.database import Store
from tests.engine.runtime.house import engine, rows
from tests.engine.world import World

SITE = """connections:
  source: {type: memory_in}
  sink: {type: memory_out, repeat: same}
routes:
  r:
    receive: {from: source, operation: order, identity: [/order/id], order: {key: //key, ORDER}}
    labels: {id: {path: //id}}
    steps:
      - {id: out, call: {to: sink, operation: send, body: '$(body/id)'}}
      - {id: end, set: {labels: {id: done}}}
      - {id: late, call: {to: sink, operation: late, body: '$(body/id)'}}
"""


def site(order: str = "until: out") -> str:
    return SITE.replace("ORDER", order)


def message(number: int, key: str) -> str:
    return f"<order><id>{number}</id><key>{key}</key></order>"


def sent(world: World, operation: str = "send") -> list[str]:
    return [str(r.arguments["body"]) for r in world.channel("sink").requests if r.operation == operation]


class Peer:
    """Answers each number as it is told: it fails so often, or refuses."""

    def __init__(self, world: World, **failures: Any) -> None:
        self.failures = {key.lstrip("n"): value for key, value in failures.items()}
        self.done: list[str] = []
        world.channel("sink").answer = self

    def __call__(self, request: Request) -> None:
        number = str(request.arguments["body"])
        if request.operation == "late":
            return
        left = self.failures.get(number, 0)
        if left == "refuse":
            raise Refused("WB-3003", "no")
        if left:
            self.failures[number] = left - 1
            raise Unavailable("WB-3001", "away")
        self.done.append(number)


async def test_a_retry_holds_those_behind_it_and_no_others(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        peer = Peer(world, n1=2)
        for number, key in ((1, "a"), (2, "a"), (3, "b"), (4, "a")):
            await world.put(message(number, key), "order")
        await world.ended(4)
        assert [number for number in peer.done if number != "3"] == ["1", "2", "4"]
        assert peer.done.index("3") < peer.done.index("1")
        (hidden,) = rows(world, "SELECT count(*) FROM run WHERE order_key LIKE '%a%' AND length(order_key) != 64")
        assert hidden == (0,)
        assert rows(world, "SELECT count(*) FROM run WHERE order_held") == [(0,)]
        assert rows(world, "SELECT DISTINCT name FROM label") == [("id",)]


async def test_behind_a_dead_run_until_a_person_decides(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        peer = Peer(world, n1="refuse", n2="refuse", n3="refuse")
        for number in range(1, 5):
            await world.put(message(number, "a"), "order")
        (first,) = await world.ended(state="dead")
        ids = [run["id"] for run in world.runs()]
        waits = [run["waits_for"] for run in world.runs(state="waiting")]
        assert waits == [f"behind {one}" for one in ids[:3]]
        store = world.daemon.store
        # Retried: 1 is done, and 2 comes.
        peer.failures["1"] = 0
        await store.write(lambda conn: runs.retry(conn, first["id"], "op"))
        world.daemon.runtime.poke_now()
        await world.until(lambda: [run["id"] for run in world.runs(state="dead")] == [ids[1]])
        # Released: 3 comes, and 2 stays dead.
        await store.write(lambda conn: ops_order.release(conn, ids[1], "op", "it may come later"))
        world.daemon.runtime.poke_now()
        await world.ended(2, "dead")
        with pytest.raises(Refused, match="WB-7301"):
            await store.write(lambda conn: ops_order.release(conn, ids[1], "op"))
        with pytest.raises(Refused, match="goes on by itself"):
            await store.write(lambda conn: ops_order.release(conn, ids[3], "op"))
        # Cancelled: 4 comes.
        await store.write(lambda conn: runs.cancel(conn, ids[2], "op", ""))
        world.daemon.runtime.poke_now()
        await world.ended(2)
        assert peer.done == ["1", "4"]


async def test_pass_lets_them_go(tmp_path: Path) -> None:
    async with engine(tmp_path, site("on_failure: pass")) as world:
        peer = Peer(world, n1="refuse")
        for number in range(1, 4):
            await world.put(message(number, "a"), "order")
        await world.ended(2)
        assert peer.done == ["2", "3"]
        assert [run["state"] for run in world.runs()] == ["dead", "done", "done"]


async def test_the_order_outlives_a_restart(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        await world.daemon.desk.pause("connection", "sink", "op")
        for number in range(1, 4):
            await world.put(message(number, "a"), "order")
        await world.until(lambda: len(world.runs(state="waiting")) == 3)
        assert world.runs()[0]["waits_for"] == "connection sink is paused"
    async with engine(tmp_path) as world:
        peer = Peer(world)
        await world.put(message(4, "a"), "order")
        await world.daemon.desk.resume("connection", "sink", "op")
        await world.ended(4)
        assert peer.done == ["1", "2", "3", "4"]


async def test_one_in_the_middle_is_cancelled(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        await world.daemon.desk.pause("connection", "sink", "op")
        for number in range(1, 4):
            await world.put(message(number, "a"), "order")
        await world.until(lambda: len(world.runs(state="waiting")) == 3)
        ids = [run["id"] for run in world.runs()]
        await world.daemon.store.write(lambda conn: runs.cancel(conn, ids[1], "op", ""))
        assert world.runs()[2]["waits_for"] == f"behind {ids[0]}"
        peer = Peer(world)
        await world.daemon.desk.resume("connection", "sink", "op")
        await world.ended(2)
        assert peer.done == ["1", "3"]


SPLIT = SITE.replace("    steps:\n", "    steps:\n      - {id: parts, split: {by: //part, identity: [./id]}}\n")


async def test_each_part_has_its_own_key(tmp_path: Path) -> None:
    async with engine(
        tmp_path,
        SPLIT.replace("ORDER", "until: out")
        .replace("body/id", "body/part/id")
        .replace("{path: //id}", "{path: //part/id}"),
    ) as world:
        peer = Peer(world, n1=2)
        parts = "".join(f"<part><id>{n}</id><key>{k}</key></part>" for n, k in ((1, "a"), (2, "b"), (3, "a")))
        await world.put(f"<order><id>9</id>{parts}</order>", "order")
        await world.ended(4)
        assert peer.done == ["2", "1", "3"]
        assert [run["order_key"] is None for run in world.runs()] == [True, False, False, False]


async def test_a_message_without_a_key_is_in_no_order(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        Peer(world, n1="refuse")
        await world.put("<order><id>1</id></order>", "order")
        await world.put("<order><id>2</id></order>", "order")
        await world.ended()
        assert [run["order_key"] for run in world.runs()] == [None, None]


# ---- any interleaving, over the store alone

Act = tuple[str, int]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["new", "new", "go", "go", "die", "retry", "release", "cancel", "until"]), st.integers(0, 30)
    ),
    max_size=60,
)


class Model:
    """Rows of a store, and what may be at work by the rules: of each key only the first that holds it."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.keys: dict[int, str] = {}

    def rows(self, *states: str) -> list[Any]:
        found = [journal.state_of(self.conn, seq) for seq in self.keys]
        return [row for row in found if not states or row["state"] in states]

    def new(self, number: int) -> None:
        key = order.key_of("r", "abc"[number % 3])
        assert key is not None
        ahead = order.ahead(self.conn, key)
        state = State.WAITING if ahead else State.READY
        made = journal.NewRun(
            "m", "r", "1", "out", None, state, {}, order_key=key, waits_for=f"behind {ahead}" if ahead else ""
        )
        self.keys[journal.create(self.conn, made, 1).seq] = key

    def act(self, name: str, number: int) -> None:
        wanted = {
            "go": ("ready",), "die": ("ready",), "until": ("ready",), "retry": ("dead",), "release": ("dead",),
            "cancel": ("ready", "waiting", "dead"),
        }[name]  # fmt: skip
        found = self.rows(*wanted)
        if not found:
            return
        row = found[number % len(found)]
        if name == "release":
            order.left(self.conn, row, 2)
        elif name == "retry":
            journal.move(self.conn, row, State.READY, 2)
        elif name == "cancel":
            journal.move(self.conn, row, State.CANCELLED, 2)
        elif name == "until":
            order.left(self.conn, row, 2)
        else:
            journal.move(self.conn, row, State.RUNNING, 2)
            end = State.DONE if name == "go" else State.DEAD
            journal.move(self.conn, journal.state_of(self.conn, row["seq"]), end, 2)

    def check(self) -> None:
        first: dict[str, int] = {}
        for row in self.rows():
            if not row["order_held"]:
                assert not order.waits_behind(row)
                continue
            head = first.setdefault(row["order_key"], row["seq"])
            assert order.waits_behind(row) == (row["seq"] != head), "only the first of a key may go, and it may"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_any_interleaving_keeps_the_order(acts: list[Act], tmp_path_factory: pytest.TempPathFactory) -> None:
    store = Store(tmp_path_factory.mktemp("order") / "s.sqlite", _Reactor(), durable=False)
    store.open()
    try:

        def play(conn: Connection) -> None:
            model = Model(conn)
            for name, number in acts:
                if name == "new":
                    model.new(number)
                else:
                    model.act(name, number)
                model.check()

        store.write_now(play)
    finally:
        store.close()


class _Reactor:
    def callFromThread(self, work: Any, *args: Any) -> None:
        work(*args)


def test_keys_of_two_routes_are_two() -> None:
    assert order.key_of("r", "") is None
    assert order.key_of("r", "k") != order.key_of("s", "k")
