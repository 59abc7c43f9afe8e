"""What the store recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli import _office
from engine.message import Refused, Xml
from engine.rehearsal import record
from engine.rehearsal.record import Selection, Stored
from engine.store.blobs import Blobs
from tests.engine.rehearsal.hall import Hall, order


def loaded(hall: Hall, **selection: object) -> list[Stored]:
    wanted = Selection(**selection)  # type: ignore[arg-type]
    seqs = _office.read(hall.state, lambda conn: record.numbers(conn, wanted))
    return _office.read(hall.state, lambda conn: record.load(conn, seqs, Blobs(hall.state / "blobs")))


async def test_a_message_with_its_run(tmp_path: Path):
    hall = Hall(tmp_path)
    await hall.play(order(1), order(2))
    first, second = loaded(hall)
    assert (first.body, first.connection, first.operation, first.outcome) == (
        order(1).encode(), "source", "order", "accepted",
    )  # fmt: skip
    known = second.runs["orders"]
    assert (known.state, known.step, known.is_open) == ("done", "kept", False)
    assert isinstance(known.values["made"], Xml)
    assert known.values["out"] == {"said": "yes"}
    assert [(name, effect.state) for name, effect in known.effects.items()] == [("out", "done")]


async def test_selections(tmp_path: Path):
    hall = Hall(tmp_path)
    await hall.play(order(1), order(2, "x" * 100_000), order("bad", "a").replace("<id>bad</id>", ""))
    assert [one.outcome for one in loaded(hall)] == ["accepted", "accepted", "invalid"]
    assert [one.seq for one in loaded(hall, limit=1)] == [3]
    assert [one.seq for one in loaded(hall, labels={"id": "1"})] == [1]
    assert len(loaded(hall, labels={"id": "2"})[0].body) > 100_000, "a body in a blob"
    assert loaded(hall, route="none") == []


async def test_labels_of_patients_need_the_right(tmp_path: Path):
    hall = Hall(tmp_path)
    await hall.play(order(1, "Ann"))
    with pytest.raises(Refused) as caught:
        loaded(hall, labels={"name": "Ann"})
    assert caught.value.code == record.NOTHING_TO_ASK
    assert len(loaded(hall, labels={"name": "Ann"}, names=True)) == 1


async def test_what_is_deployed(tmp_path: Path):
    hall = Hall(tmp_path)
    (run,) = await hall.play(order(1))
    assert _office.read(hall.state, record.deployed) == {"orders": run["revision"]}
