"""Bodies of claimed runs are read together, and only those that need no worker."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from engine.message import Incoming
from engine.runtime import bodies, journal
from engine.runtime.states import State
from tests.engine.runtime.house import SINK, SOURCE, engine

SITE = (
    f"{SOURCE}{SINK.replace('REPEAT', 'same')}routes:\n  r:\n    receive: {{from: source, operation: order}}\n"
    "    steps:\n      - {id: out, call: {to: sink, operation: put, body: $(body)}}\n"
)


async def test_only_what_is_cheap_to_read(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        world.daemon.runtime.dispatcher._stopping = True  # nothing is claimed but here
        inbox = world.daemon.runtime.inbox
        await inbox.accept(Incoming("source", "order", b'{"a": 1}', "application/json", {"peer": "x"}))
        await inbox.accept(Incoming("source", "order", b"<a/>", "application/xml"))
        await inbox.accept(Incoming("source", "order", b"x" * 70_000, "text/plain"))
        store = world.daemon.store
        runs = await store.write(lambda conn: journal.claim_ready(conn, 10))
        assert [run.fresh for run in runs] == [True, True, True]
        found = await bodies.seeds(world.daemon.runtime, runs)
        assert found == {
            runs[0].seq: {"body": {"a": 1}, "meta": {"connection": "source", "operation": "order", "peer": "x"}}
        }
        assert await bodies.seeds(world.daemon.runtime, []) == {}

        def back(conn: Connection) -> None:
            for run in runs:
                journal.move(conn, journal.state_of(conn, run.seq), State.READY, 1)

        await store.write(back)
        again = await store.write(lambda conn: journal.claim_ready(conn, 10))
        assert not any(run.fresh for run in again)
