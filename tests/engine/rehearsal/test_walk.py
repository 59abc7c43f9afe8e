"""The way of a run, with waits, polls, persons, signals and jumps answered from a record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.internet import reactor as _reactor

from engine.message import Blob, Xml
from engine.registry import Registry
from engine.rehearsal.record import EffectRecord, RunRecord
from engine.rehearsal.walk import Start, Walked, rooted, walk
from engine.runtime.outcome import Run
from engine.site.load import load_site
from engine.store.blobs import Blobs
from engine.tasks import Tasks
from engine.testing.trying import Bench
from engine.threads import Pools
from tests.engine.testing.bench import Here
from tests.engine.world import write_site

reactor: Any = _reactor

HEAD = """
connections:
  source: {type: memory_in}
  peer: {type: memory_out, repeat: same}
  drop: {type: folder, path: drop}
routes:
  q:
    receive: {from: source, operation: wake, identity: [//id]}
    steps: [{id: wake, signal: {route: r, labels: {id: $(body/id)}, do: wake, if_none: done}}]
  r:
    receive: {from: source, operation: order, identity: [//id]}
    labels: {id: {path: //id}, done: {optional: true}}
    steps:
"""
RUN = Run(7, "0198c0de-0000-7000-8000-000000000007", "m", None, 7, None, "r", "rev", None, "a", 0, 1, 5, 5)
BODY = Xml(b"<o><id>1</id></o>")


async def walked(folder: Path, steps: str, record: RunRecord | None = None, **values: Any) -> Walked:
    text = HEAD + "".join(f"      - {line.strip()}\n" for line in steps.strip().splitlines())
    registry = Registry()
    site = load_site(write_site(folder, text), registry)
    pool: Any = Here()
    threads = Pools(reactor)
    bench = Bench(reactor, site, registry, pool, Blobs(folder / "blobs", durable=False))
    route = site.routes["r"]
    if record is None and values:
        record = RunRecord(RUN, "done", route.steps[-1].id, "", "", values)
    start = Start(rooted(record, route, RUN), route, {"body": BODY, "meta": {}}, {}, record, route)
    try:
        return await walk(bench.runtime(Tasks(), threads), start, lambda connection, operation, arguments: None)
    finally:
        threads.stop()


def kinds(made: Walked) -> list[tuple[str, str]]:
    return [(sent.step, sent.kind) for sent in made.sent]


WAITS = """
{id: a, status: Going, wait: {for: poll, call: {to: peer, operation: ask, body: $(body/id)}, every: 1m}}
{id: b, wait: {for: file, in: drop, path: 'in/$(a/path)', name: '*.pdf'}}
{id: c, wait: {for: person, question: Is it good, answers: [yes, no]}}
{id: d, wait: {for: time, until: 3d}}
{id: e, wait: {for: signal}}
{id: f, status: Gone, call: {to: peer, operation: send, body: $(c/answer)}}
"""
CAME: dict[str, Any] = {
    "a": {"path": "p1"}, "b": Blob("ab" * 32, 3, "application/pdf"), "c": {"answer": "yes", "by": "x"},
    "e": {"route": "q", "number": 1}, "f": None,
}  # fmt: skip


async def test_what_was_waited_for_is_there(tmp_path: Path):
    made = await walked(tmp_path, WAITS, **CAME)
    assert (made.state, made.status) == ("done", "Gone")
    assert kinds(made) == [("a", "poll"), ("b", "file"), ("f", "call")]
    assert made.sent[1].arguments == {"path": "in/p1", "name": "*.pdf"}
    assert made.sent[2].arguments == {"body": "yes"}


async def test_a_run_that_waits_still_waits(tmp_path: Path):
    record = RunRecord(RUN, "waiting", "b", "", "", {"a": CAME["a"]})
    made = await walked(tmp_path, WAITS, record)
    assert (made.state, made.step, made.reason) == ("waiting", "b", "a file")


async def test_a_time_that_was_over(tmp_path: Path):
    steps = """
    {id: a, wait: {for: file, in: drop, path: in, name: '*.pdf', until: 1h, on_timeout: {go: c}}}
    {id: b, call: {to: peer, operation: send, body: $(body)}}
    {id: c, set: {labels: {done: late}}}
    """
    made = await walked(tmp_path, steps, RunRecord(RUN, "done", "c", "", "", {}))
    assert (made.state, made.labels, kinds(made)) == ("done", {"done": "late"}, [("a", "file")])


async def test_failures_as_the_route_says(tmp_path: Path):
    steps = """
    {id: a, call: {to: peer, operation: send, body: $(body)}, on_error: {refused: go:c}}
    {id: b, stop: {reason: never}}
    {id: c, set: {labels: {done: went on}}}
    """
    no = {"a": EffectRecord("k", "a", "refused", 5, "WB-3003", "no")}
    made = await walked(tmp_path, steps, RunRecord(RUN, "done", "c", "", "", {}, no))
    assert (made.state, made.labels) == ("done", {"done": "went on"})
    doubt = {"a": EffectRecord("k", "a", "doubt", 5, "WB-3002", "who knows")}
    made = await walked(tmp_path, steps, RunRecord(RUN, "held", "a", "WB-3002", "", {}, doubt))
    assert (made.state, made.code) == ("held", "WB-3002")
    away = {"a": EffectRecord("k", "a", "unavailable", 5, "WB-3001", "away")}
    made = await walked(tmp_path, steps, RunRecord(RUN, "waiting", "a", "WB-3001", "", {}, away))
    assert (made.state, made.reason) == ("waiting", "retry of a")
    made = await walked(tmp_path, steps, RunRecord(RUN, "dead", "a", "WB-3001", "", {}, away))
    assert (made.state, made.code) == ("dead", "WB-3001")


async def test_a_bug_and_a_missing_value(tmp_path: Path):
    made = await walked(tmp_path, "{id: a, set: {values: {x: $(body/none)}}}")
    assert (made.state, made.step) == ("dead", "a")
    assert made.code.startswith("WB-2")


async def test_a_signal_is_an_effect_on_other_runs(tmp_path: Path):
    steps = """
    {id: a, signal: {route: r, labels: {id: $(body/id)}, do: set, set_labels: {done: yes}, if_none: done}}
    {id: b, when: {path: $(a/status), is: Sent}, stop: {reason: too late}}
    """
    made = await walked(tmp_path, steps, a={"run": "x", "status": "Sent", "done": "set", "all": []})
    assert (made.state, made.reason) == ("filtered", "too late")
    assert made.sent[0].arguments == {"labels": {"id": "1"}, "values": {}, "set_labels": {"done": "yes"}}
    waits = RunRecord(RUN, "waiting", "a", "", "", {})
    made = await walked(tmp_path, steps.replace("if_none: done", "if_none: wait"), waits)
    assert (made.state, made.reason) == ("waiting", "a run of r")


async def test_a_circle_ends(tmp_path: Path):
    made = await walked(tmp_path, "{id: a, set: {values: {x: y}}}\n{id: b, choose: [{else: a}]}")
    assert (made.state, made.code) == ("held", "WB-2016")


async def test_parts_that_were_not_there_have_the_same_ids_each_time(tmp_path: Path):
    steps = "{id: s, split: {by: //id}}\n{id: a, call: {to: peer, operation: send, body: $(body)}}"
    first, second = await walked(tmp_path, steps), await walked(tmp_path, steps)
    assert [one.state for one in first.parts] == ["done"]
    assert first.parts[0].sent == second.parts[0].sent
    assert first.state == "split"


def test_rooted_begins_at_the_first_step(tmp_path: Path):
    site = load_site(write_site(tmp_path, HEAD + "      - {id: z, stop: {reason: x}}\n"), Registry())
    record = RunRecord(replace(RUN, step="old", generation=3), "done", "old", "", "")
    assert (rooted(record, site.routes["r"], None).step, rooted(record, site.routes["r"], None).generation) == ("z", 0)
