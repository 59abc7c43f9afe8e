"""What a search is narrowed to: read from JSON, refused with what is wrong, said without a patient's value."""

from __future__ import annotations

from typing import Any

import pytest

from engine.message import Refused
from engine.ops.filters import BAD_FILTER, Filter, LabelFilter, as_json, read_filter


def test_json_is_read_and_written_back() -> None:
    given = {"labels": {"order_id": "17*", "name": "示例"}, "state": ["dead"], "since": 5, "code": "WB-3003"}
    wanted = read_filter({**given, "route": "r", "text": ""})
    assert wanted.labels == (LabelFilter("order_id", "17", True), LabelFilter("name", "示例", False))
    assert wanted.route == ("r",)
    assert as_json(wanted) == {**given, "route": ["r"]}
    assert read_filter(as_json(wanted)) == wanted
    assert read_filter({}) == Filter()


def test_the_words_for_the_audit_hold_no_value() -> None:
    wanted = read_filter({"labels": {"name": "示例甲"}, "text": "示例乙", "state": "dead", "until": 1})
    assert wanted.words() == "label name, state dead, text, time"
    assert "示例" not in repr(wanted)
    assert Filter().words() == "everything"


@pytest.mark.parametrize(
    "given",
    [
        {"stat": "dead"}, {"state": "asleep"}, {"outcome": ["accepted", "x"]}, {"since": "yesterday"}, {"since": True},
        {"until": -1}, {"labels": {"a": ""}}, {"labels": {"a": "*"}}, {"labels": ["a"]}, {"route": [1]},
        {"route": ["r"] * 21},
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        read_filter(given)
    assert caught.value.code == BAD_FILTER
