"""Examples of an act over many."""

from __future__ import annotations

from engine.ops.read_bulk import examples
from engine.store.database import Store
from tests.engine.ops import seed


def test_examples_in_the_order_asked_for(store: Store) -> None:
    made = store.write_now(lambda conn: [seed.run(conn, seed.labels(f"175||{n}"), state="dead") for n in range(3)])
    ids = [run_id for _, run_id in made]
    found = store.read_now(lambda conn: examples(conn, [ids[2], "gone", ids[0]]))
    assert [(one.run_id, one.order_id, one.state) for one in found] == [
        (ids[2], "175||2", "dead"),
        (ids[0], "175||0", "dead"),
    ]
    assert seed.NAME not in str(found)
