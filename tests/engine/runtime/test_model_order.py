"""A model of order per key: groups that are joined or taken apart, signals, people, a clock that jumps, crashes."""

from __future__ import annotations

import os
import queue
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from twisted.internet import reactor

from engine.message import Incoming, Refused
from engine.ops import order as ops_order
from engine.ops import runs as ops_runs
from engine.runtime import journal, ledger, order, recovery, signals
from engine.runtime.arrivals import ACCEPT, Accepting, Arrival, Stored, Taker
from engine.runtime.joined import INTEND, SETTLE, Intending, Settling, may_intend, may_settle
from engine.runtime.outcome import EffectEnd, Jump, Next, Outcome, Run, Stop, Wait
from engine.runtime.settle import Draft, settle
from engine.runtime.states import FINAL, MOVES, State
from engine.site.model import Receive, Route, Step
from engine.store.database import Store, _Direct
from engine.store.writer import Job, Joined

STEPS = tuple(Step(name, "call", None, into=name) for name in ("one", "two"))
ROUTES = {name: Route(name, "1", Receive((name,)), (), STEPS) for name in ("plain", "ordered")}
DRAWN = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["", "a", "b"])), min_size=1, max_size=5)
HOUR = 3_600_000
LONG = bool(os.environ.get("WAYBILL_LONG"))
"""`make fuzz` sets it."""


class House(RuleBasedStateMachine):
    """`memory` is what a crash forgets; `known` and `states` are the model."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store(self.folder / "s.sqlite", reactor, durable=False)
        self.store.open()
        self.now = 10 * HOUR
        self.number = 0
        self.known: dict[int, tuple[str, str]] = {}  # identity -> message, key
        self.memory: dict[int, Run] = {}
        self.intended: dict[int, ledger.Entry] = {}
        self.acts: dict[str, int] = {}  # effect key -> how often the peer did it
        self.done_in: dict[str, list[int]] = {}  # order key -> runs whose first effect was done, as they were
        self.keys: dict[int, str] = {}  # run -> order key, while the model expects its order
        self.states: dict[int, State] = {}

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)

    def write(self, operation: Any) -> Any:
        self.now += 10
        return self.store.write_now(operation)

    def together(self, joined: Joined, items: list[Any]) -> list[Any]:
        """All in one group of the writer, which is held back until they are queued."""
        go, boxes = threading.Event(), []
        first: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.store._writer.put(_Direct(lambda _: go.wait(30), first.put))
        for item in items:
            box: queue.SimpleQueue[Job] = queue.SimpleQueue()
            boxes.append(box)
            self.store._writer.put(_Direct(None, box.put, joined=joined, item=item))
        go.set()
        jobs = [box.get() for box in boxes]
        for job in jobs:
            if job.error is not None:
                raise job.error
        return [job.result for job in jobs]

    def take(self, run: Run) -> None:
        assert run.seq not in self.memory, "a run is claimed once"
        self.memory[run.seq] = run

    @rule(drawn=DRAWN, room=st.booleans())
    def accept(self, drawn: list[tuple[int, str]], room: bool) -> None:
        items = []
        for identity, key in drawn:
            self.number += 1
            route = ROUTES["ordered" if key else "plain"]
            hashed = order.key_of("ordered", key) if key else None
            incoming = Incoming("source", "order", b"<a/>")
            arrival = Arrival(f"m{self.number}", incoming, None, f"{identity}{key}", "s", str(identity))
            items.append(Accepting(arrival, (Taker(route, {}, hashed),), b"reply", room, self.now))
        for (identity, key), item, stored in zip(drawn, items, self.together(ACCEPT, items), strict=True):
            self.accepted(identity, key, item, stored)

    def accepted(self, identity: int, key: str, item: Accepting, stored: Stored) -> None:
        if identity in self.known:
            message, first_key = self.known[identity]
            assert (stored.kind, stored.message_id) == ("repeat" if first_key == key else "conflict", message)
            return
        assert (stored.kind, stored.message_id) == ("accepted", item.arrival.id)
        self.known[identity] = (item.arrival.id, key)
        for run in stored.runs:
            self.take(run)
        [(seq,)] = self.rows(f"SELECT seq FROM run WHERE message_id = '{item.arrival.id}'")
        if key:
            self.keys[seq] = key

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.store.read_now(lambda conn: [tuple(row) for row in conn.exec_driver_sql(sql).fetchall()])

    @rule(most=st.integers(1, 4))
    def claim(self, most: int) -> None:
        for run in self.write(lambda conn: journal.claim_ready(conn, most)):
            self.take(run)

    @rule()
    def claim_due(self) -> None:
        for run in self.write(lambda conn: journal.claim_due(conn, self.now, 10)):
            self.take(run)

    @rule(by=st.sampled_from([HOUR, -HOUR, 5 * HOUR, -3 * HOUR]))
    def clock_jumps(self, by: int) -> None:
        self.now = max(HOUR, self.now + by)

    @precondition(lambda self: self.memory)
    @rule()
    def intend_all(self) -> None:
        runs = [run for seq, run in sorted(self.memory.items()) if seq not in self.intended]
        intents = [ledger.Intent(ledger.effect_key(run, run.step), "sink", "send") for run in runs]
        items = [Intending(run, Draft(), intent, self.now) for run, intent in zip(runs, intents, strict=True)]
        joined = [item for item in items if may_intend(item)]
        for item, (entry, _) in zip(joined, self.together(INTEND, joined), strict=True):
            self.intended[item.run.seq] = entry
        for item in items:
            if not may_intend(item):
                given = item
                self.intended[item.run.seq] = self.write(
                    lambda conn, i=given: ledger.intend(conn, i.run, i.intent, self.now)
                )

    @precondition(lambda self: self.intended)
    @rule(data=st.data(), fall_apart=st.booleans())
    def settle_some(self, data: Any, fall_apart: bool) -> None:
        """Many at once; with `fall_apart` a signal has reached one of them, so they cannot be written together."""
        chosen = data.draw(st.lists(st.sampled_from(sorted(self.intended)), unique=True, min_size=1))
        together, outcomes = [], ("done", "done", "done", "unavailable", "refused", "jump")
        if fall_apart:
            self.signal(chosen[0])
        for seq in chosen:
            run, entry = self.memory[seq], self.intended.pop(seq)
            word = data.draw(st.sampled_from(outcomes))
            outcome = self.performed(run, entry, word)
            onward = "two" if run.step == "one" else None
            if isinstance(outcome, Next) and may_settle(run, Draft(), outcome, ROUTES[run.route], onward):
                together.append(Settling(run, ROUTES[run.route], Draft(), outcome, onward, 0, self.now))
            else:
                self.settled(run, self.write(self.one(run, outcome, onward)))
        for item, after in zip(together, self.together(SETTLE, together), strict=True):
            self.settled(item.run, after)

    def one(self, run: Run, outcome: Outcome, onward: str | None) -> Any:
        return lambda conn: settle(conn, run, ROUTES[run.route], Draft(), outcome, onward, 0, self.now)

    def settled(self, run: Run, after: Any) -> None:
        del self.memory[run.seq]
        if after.state is State.RUNNING:
            self.memory[run.seq] = after.run

    def performed(self, run: Run, entry: ledger.Entry, word: str) -> Outcome:
        """What the peer did of it, and what the step says then."""
        if entry.state == "done" or (entry.state == "intended" and self.acts.get(entry.key)):
            word = "done"
        elif word == "done":
            self.acts[entry.key] = self.acts.get(entry.key, 0) + 1
            key = self.keys.get(run.seq)
            if key is not None and run.step == "one" and run.generation == 0:
                self.done_in.setdefault(key, []).append(run.seq)
        ends = (
            EffectEnd(entry.key, "done" if word in ("done", "jump") and self.acts.get(entry.key) else "unavailable"),
        )
        if word == "jump":
            return Jump("one", "again", effects=ends)
        if word == "refused":
            return Stop("dead", "WB-3003", "no", effects=(EffectEnd(entry.key, "refused"),))
        return Next(effects=ends) if word == "done" else Wait("retry", self.now + 15, effects=ends)

    def signal(self, seq: int) -> None:
        source = self.memory[seq]
        what = signals.Signal("cancel", {}, {})
        self.write(
            lambda conn: signals.deliver(
                conn, source, [journal.state_of(conn, seq)], what, lambda name, _: ROUTES[name], self.now
            )
        )

    @rule(data=st.data(), act=st.sampled_from(["retry", "cancel", "release"]))
    def a_person_acts(self, data: Any, act: str) -> None:
        found = self.rows("SELECT id, seq FROM run WHERE state NOT IN ('done', 'cancelled')")
        if not found:
            return
        name, seq = data.draw(st.sampled_from(sorted(found, key=lambda row: row[1])))
        acts = {
            "retry": lambda conn: ops_runs.retry(conn, name, "op"),
            "cancel": lambda conn: ops_runs.cancel(conn, name, "op", ""),
            "release": lambda conn: ops_order.release(conn, name, "op"),
        }
        try:
            self.write(acts[act])
        except Refused:
            return
        if act == "release":
            self.keys.pop(seq, None)  # tried again, it is in no order

    @rule()
    def crash(self) -> None:
        self.memory.clear()
        self.intended.clear()
        self.write(lambda conn: recovery.recover(conn, self.now))

    @rule()
    def crash_before_the_last_commit(self) -> None:
        """Nothing of the group that was under way is there: what it would have claimed is not claimed."""

        def cut_off(conn: Any) -> None:
            journal.claim_ready(conn, 5)
            raise Refused("WB-0000", "the power went")

        try:
            self.write(cut_off)
        except Refused:
            self.crash()

    @invariant()
    def nothing_is_lost_doubled_or_overtaken(self) -> None:
        if not hasattr(self, "store"):
            return
        found = self.rows("SELECT seq, state, message_id, order_key, order_held, waits_for FROM run ORDER BY seq")
        assert sorted(row[2] for row in found) == sorted(message for message, _ in self.known.values())
        assert {row[0] for row in found if row[1] == "running"} == set(self.memory)
        for key, done in self.done_in.items():
            assert done == sorted(done), f"overtaken within {key}"
        for key in {row[3] for row in found if row[3]}:
            holding = [row for row in found if row[3] == key and row[4]]
            behind = [row for row in holding if row[1] == "waiting" and str(row[5]).startswith(order.BEHIND)]
            assert all(row in behind for row in holding[1:] if row[1] not in ("held", "dead")), "one goes at a time"
        assert all(count == 1 for count in self.acts.values())
        self.moves(found)

    def moves(self, found: list[tuple[Any, ...]]) -> None:
        """What is final stays so, and holds no key."""
        for seq, state, _, _, held, _ in found:
            before, after = self.states.get(seq), State(state)
            if before in FINAL:
                assert after is before, "a final state is left"
            assert not (after in FINAL and held), "who has ended holds up nobody"
            self.states[seq] = after


assert all(not MOVES[state] for state in FINAL)
TestHouse = House.TestCase
TestHouse.settings = settings(max_examples=1500 if LONG else 40, stateful_step_count=40, deadline=None)
