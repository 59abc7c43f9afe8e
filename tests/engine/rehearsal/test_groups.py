"""Equal differences together."""

from __future__ import annotations

import json

from engine.rehearsal.differences import Difference
from engine.rehearsal.groups import EXAMPLES, LONGEST, MOST_IDS, Rehearsal, shown


def one(field: str, before: str | None = "a", after: str | None = "b", **more: bool) -> Difference:
    return Difference("r", "s", "call", "peer send", field, before, after, **more)


def test_the_same_field_of_many_messages_is_one_entry():
    result = Rehearsal()
    for number in range(MOST_IDS + 5):
        result.add(f"m{number}", [one("OBX[1]-5"), one("OBX[2]-5")])
    result.add("last", [one("PID-5")])
    result.add("equal", [])
    rare, often = result.sorted()
    assert (rare.place[4], rare.messages, rare.ids) == ("PID-5", 1, ["last"])
    assert (often.place[4], often.count, often.messages) == ("OBX-5", 2 * (MOST_IDS + 5), MOST_IDS + 5)
    assert (len(often.ids), len(often.examples)) == (MOST_IDS, EXAMPLES)
    assert (result.compared, result.different) == (MOST_IDS + 7, MOST_IDS + 6)
    assert result.shown_ids() == ["last", "m0", "m1", "m2"]


def test_what_came_and_what_changed_are_two_entries():
    result = Rehearsal()
    result.add("m", [one("f", None), one("f")])
    assert [group.place[5] for group in result.sorted()] == ["added", "changed"]


def test_json_is_masked_unless_opened():
    result = Rehearsal()
    result.add("m", [one("name", "Ann", "李"), one("end", "done", "dead", plain=True)])
    masked = json.dumps(result.as_json(opened=False), ensure_ascii=False)
    assert "Ann" not in masked
    assert "李" not in masked
    assert '"done"' in masked
    assert "Ann" in json.dumps(result.as_json(opened=True))


def test_long_values_are_cut():
    cut = shown("x" * 1000, one("f"), opened=True)
    assert cut == "x" * LONGEST + "... (1000 characters)"
    assert shown(None, one("f"), opened=True) is None
