"""Pages, masks, labels; and what holds for every question."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, select

from engine.ops import read
from engine.ops.read import IS_UNFINISHED, cut, mask
from engine.store.database import Store
from engine.store.schema import run
from tests.engine.ops import seed

OPS = Path(read.__file__).parent


def test_no_question_counts_rows_to_find_its_page() -> None:
    for module in OPS.glob("read*.py"):
        assert "offset" not in module.read_text("utf-8").lower(), module.name


def test_every_list_is_bounded() -> None:
    for module in OPS.glob("read*.py"):
        text = module.read_text("utf-8")
        if "order_by" in text and module.name not in ("read.py", "read_steps.py"):
            assert ".limit(" in text, module.name


def test_cut_and_mask() -> None:
    assert cut(["a", "b"], [9, 8], 2) == read.Page(["a", "b"], None)
    assert cut(["a", "b", "c"], [9, 8, 7], 2) == read.Page(["a", "b"], 8)
    assert (mask("示例甲"), mask("A"), mask("")) == ("示**", "A**", "")


def test_labels_are_masked_and_hidden_from_repr(store: Store) -> None:
    number, _ = store.write_now(lambda conn: seed.run(conn, seed.labels()))
    open_ones = store.read_now(lambda conn: read.labels_of(conn, [number], names=True))[number]
    masked = store.read_now(lambda conn: read.labels_of(conn, [number], names=False))[number]
    assert read.text_of(open_ones, "name") == seed.NAME
    assert (masked["name"].value, masked["name"].masked) == ("示**", True)
    assert masked["order_id"].value == "175||3125"
    assert read.text_of(masked, "none") == ""
    assert read.text_of(None, "name") == ""
    assert seed.NAME not in repr(open_ones)


def test_looking_up(store: Store) -> None:
    def rows(conn: Connection) -> tuple[int, str]:
        seed.patient(conn)
        return seed.run(conn, seed.labels(), message_id="m")

    number, run_id = store.write_now(rows)

    def look(conn: Connection) -> None:
        found = read.run_by_id(conn, run_id)
        assert found is not None
        assert found.seq == number
        assert read.run_by_id(conn, "none") is None
        person = read.patient_of_run(conn, number)
        assert person is not None
        assert person.name == seed.NAME
        assert read.patients_of(conn, [seed.NUMBER, ""])[seed.NUMBER].id == person.id
        assert read.patients_of(conn, []) == {}
        assert read.run_ids(conn, [number, None]) == {number: run_id}
        assert read.run_ids(conn, [None]) == {}
        assert read.runs_by_label(conn, "order_id", "175||3125") == [run_id]
        assert read.runs_of_message(conn, "m") == [run_id]

    store.read_now(look)


def test_the_condition_of_unfinished_runs_stands_literally() -> None:
    sql = str(select(run.c.seq).where(IS_UNFINISHED))
    assert "state IN ('ready', 'running', 'waiting', 'held', 'dead')" in sql
