"""The store's functions against a small model: whatever comes in ends once, and a crash loses and doubles nothing."""

from __future__ import annotations

import os
import queue
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from twisted.internet import reactor

from engine.message import Incoming
from engine.runtime import journal, ledger, recovery
from engine.runtime.arrivals import ACCEPT, Accepting, Arrival, Taker
from engine.runtime.outcome import EffectEnd, Next, Outcome, Run, Stop, Wait
from engine.runtime.settle import Draft, settle
from engine.runtime.states import FINAL, State
from engine.site.model import Receive, Route, Step
from engine.store.database import Store, _Direct
from engine.store.writer import Job, Joined

STEPS = tuple(Step(name, "call", None, into=name) for name in ("one", "two"))
ROUTE = Route("r", "1", Receive(("source",)), (), STEPS)
LONG = bool(os.environ.get("WAYBILL_LONG"))
"""`make fuzz` sets it."""


class Engine(RuleBasedStateMachine):
    """Accept, claim, intend, act on a peer that counts, settle, crash; `memory` is what a crash forgets."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store(self.folder / "s.sqlite", reactor, durable=False)
        self.store.open()
        self.now = 1000
        self.messages: dict[int, str] = {}  # identity -> message id
        self.memory: dict[int, Run] = {}  # claimed runs of this process
        self.intended: dict[int, ledger.Entry] = {}
        self.acts: dict[str, int] = {}  # effect key -> how often the peer did it
        self.doubled: set[str] = set()  # keys whose attempt was cut off after it was done: a repeat is allowed

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)

    def rows(self, sql: str) -> list[Any]:
        return self.store.read_now(lambda conn: list(conn.exec_driver_sql(sql).fetchall()))

    def join(self, joined: Joined, item: Any) -> Any:
        """As the runtime does: with what comes at the same time, or alone when that cannot be."""
        box: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.store._writer.put(_Direct(None, box.put, joined=joined, item=item))
        job = box.get()
        if job.error is not None:
            raise job.error
        return job.result

    def write(self, operation: Any) -> Any:
        self.now += 10
        return self.store.write_now(operation)

    @rule(identity=st.integers(0, 5), other=st.booleans(), room=st.booleans())
    def accept(self, identity: int, other: bool, room: bool) -> None:
        content = f"{identity}{'x' * other}"
        arrival = Arrival(f"m{self.now}", Incoming("source", "order", b"<a/>"), None, content, "s", str(identity))
        self.now += 10
        stored = self.join(ACCEPT, Accepting(arrival, (Taker(ROUTE, {}),), b"reply", room, self.now))
        if identity not in self.messages:
            assert stored.kind == "accepted"
            self.messages[identity] = arrival.id + ("x" * other and "|x")
            assert bool(stored.runs) is room
            for run in stored.runs:
                assert run.seq not in self.memory, "numbers are given once"
                self.memory[run.seq] = run
        else:
            same = self.messages[identity].endswith("|x") == other
            assert stored.kind == ("repeat" if same else "conflict")
            assert stored.message_id == self.messages[identity].removesuffix("|x")

    @rule(most=st.integers(1, 3))
    def claim(self, most: int) -> None:
        for run in self.write(lambda conn: journal.claim_ready(conn, most)):
            assert run.seq not in self.memory, "a run is claimed once"
            self.memory[run.seq] = run

    @rule()
    def claim_due(self) -> None:
        for run in self.write(lambda conn: journal.claim_due(conn, self.now, 10)):
            assert run.seq not in self.memory
            self.memory[run.seq] = run

    @precondition(lambda self: self.memory)
    @rule(data=st.data())
    def intend(self, data: Any) -> None:
        run = self.memory[data.draw(st.sampled_from(sorted(self.memory)))]
        if run.seq in self.intended:
            return
        intent = ledger.Intent(ledger.effect_key(run, run.step), "sink", "send")
        self.intended[run.seq] = self.write(lambda conn: ledger.intend(conn, run, intent, self.now))

    @precondition(lambda self: self.intended)
    @rule(data=st.data(), outcome=st.sampled_from(["done", "unavailable", "refused", "crash after the act"]))
    def act_and_settle(self, data: Any, outcome: str) -> None:
        seq = data.draw(st.sampled_from(sorted(self.intended)))
        run, entry = self.memory[seq], self.intended.pop(seq)
        if entry.state == "done":
            outcome = "done"
        elif outcome in ("done", "crash after the act"):
            if self.acts.get(entry.key) and entry.state == "fresh":
                raise AssertionError("an effect that was done is fresh again")
            if entry.state == "fresh":
                self.acts[entry.key] = self.acts.get(entry.key, 0) + 1
        if outcome == "crash after the act":
            self.crash()
            return
        if entry.state == "intended":  # cut off before: the peer is asked whether it was done
            outcome = "done" if self.acts.get(entry.key) else "unavailable"
        self.settle(run, entry.key, outcome)

    def settle(self, run: Run, key: str, outcome: str) -> None:
        ended = (EffectEnd(key, outcome),)
        answers: dict[str, Outcome] = {
            "done": Next(effects=ended),
            "unavailable": Wait("retry", self.now + 15, effects=ended),
            "refused": Stop("dead", "WB-3003", "no", effects=ended),
        }
        onward = "two" if run.step == "one" else None
        after = self.write(lambda conn: settle(conn, run, ROUTE, Draft(), answers[outcome], onward, 0, self.now))
        del self.memory[run.seq]
        if after.state is State.RUNNING:
            self.memory[run.seq] = after.run

    @rule()
    def crash(self) -> None:
        self.memory.clear()
        self.intended.clear()
        self.write(lambda conn: recovery.recover(conn, self.now))

    @rule()
    def retry_what_needs_a_person(self) -> None:
        def operation(conn: Any) -> None:
            for (seq,) in conn.exec_driver_sql("SELECT seq FROM run WHERE state IN ('dead', 'held')").fetchall():
                journal.move(conn, journal.state_of(conn, seq), State.READY, self.now)

        self.write(operation)

    @invariant()
    def nothing_is_lost_and_nothing_done_twice(self) -> None:
        if not hasattr(self, "store"):
            return
        found = self.store.read_now(
            lambda conn: conn.exec_driver_sql("SELECT seq, state, message_id FROM run").fetchall()
        )
        assert sorted(row[2] for row in found) == sorted(text.removesuffix("|x") for text in self.messages.values())
        assert all(count == 1 for count in self.acts.values())
        running = {row[0] for row in found if row[1] == "running"}
        assert running == set(self.memory), "what is running is in memory, and nothing else is"
        done = [row[0] for row in found if State(row[1]) in FINAL]
        effects = self.rows("SELECT run, count(*) FROM effect WHERE state = 'done' GROUP BY run")
        counts = {row[0]: row[1] for row in effects}
        assert all(counts.get(seq) == 2 for seq in done), "who is done has both effects"


TestEngine = Engine.TestCase
TestEngine.settings = settings(max_examples=2000 if LONG else 60, stateful_step_count=40, deadline=None)
