"""The lists: read with every fault and its line, written, exported, and read again as they were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.message import Refused
from engine.site.problems import Invalid
from engine.store.database import Store
from records import lists


@pytest.fixture(name="store")
def fixture_store(tmp_path: Path, reactor: Any) -> Iterator[Store]:
    store = Store(tmp_path / "x.sqlite", reactor, durable=False)
    store.open()
    yield store
    store.close()


def test_a_new_store_begins_with_the_first_lists(store: Store) -> None:
    assert store.write_now(lists.begin) is True
    assert store.write_now(lists.begin) is False
    shown = store.read_now(lists.shown)
    assert len(shown["kinds"]) >= 12
    assert all(set(kind["names"]) == {"en", "es", "zh"} for kind in shown["kinds"])
    laboratory = next(kind for kind in shown["kinds"] if kind["code"] == "laboratory")
    assert (laboratory["loinc"], laboratory["active"]) == ("11502-2", True)
    assert laboratory["values"][0]["name"] == "laboratory_number"


def test_exported_and_read_again_changes_nothing(store: Store) -> None:
    store.write_now(lists.begin)
    text = store.read_now(lists.exported)
    again = lists.read(text)
    none: dict[str, list[str]] = {"added": [], "changed": [], "retired": []}
    assert store.read_now(lambda conn: lists.changes(conn, again)) == dict.fromkeys(lists.TABLES, none)


def test_what_is_left_out_is_retired_and_comes_back(store: Store) -> None:
    store.write_now(lists.begin)
    one = lists.read("departments:\n  - {code: surgery, names: {en: Surgery}}\n  - {code: eye, names: {zh: 眼科}}\n")
    done = store.write_now(lambda conn: lists.write(conn, one))
    assert set(done) == {"departments"}
    assert done["departments"]["added"] == ["eye"]
    assert done["departments"]["changed"] == ["surgery"]
    assert "medicine" in done["departments"]["retired"]
    shown = {row["code"]: row for row in store.read_now(lists.shown)["departments"]}
    assert (shown["medicine"]["active"], shown["eye"]["active"]) == (False, True)
    assert "active: false" in store.read_now(lists.exported)
    back = lists.read("departments:\n  - {code: medicine, names: {en: Internal Medicine}}\n")
    store.write_now(lambda conn: lists.write(conn, back))
    assert {row["code"] for row in store.read_now(lists.shown)["departments"] if row["active"]} == {"medicine"}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("kinds:\n  - {code: a}\n", 2, "names"),
        ("kinds:\n  - {code: a, names: {}}\n", 2, "write a name"),
        ("kinds:\n  - {code: a, names: {en: A}}\n  - {code: a, names: {en: B}}\n", 3, "twice"),
        ("kinds:\n  - code: a\n    names: {en: A}\n    treshold: 1\n", 4, "threshold"),
        ("kinds:\n  - {code: a, names: {en: A}, threshold: 2}\n", 2, "0 to 1"),
        ("kinds:\n  - {code: a, names: {en: A}, values: [{name: x, pattern: '(a+)+'}]}\n", 2, "repeat"),
        ("departments: 3\n", 1, "list"),
        ("kinds: [\n", 2, ""),
    ],
)
def test_faults_have_their_line(text: str, line: int, said: str) -> None:
    with pytest.raises(Invalid) as caught:
        lists.read(text)
    problems = [problem.line() for problem in caught.value.problems]
    assert any(f"lists.yaml:{line}:" in problem and said in problem for problem in problems), problems


def test_too_much_is_refused() -> None:
    with pytest.raises(Refused, match="1 MiB"):
        lists.read("#" * (1 << 20) + "\n")
