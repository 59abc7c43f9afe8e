"""Lists row by row: the same rules as the YAML's, the field that is wrong, and never over another's change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Connection, text

from engine.message import Refused
from engine.site.problems import Invalid
from engine.store.database import Store
from engine.store.sql import raw
from records import list_rows, lists
from tests.records.filed import scanned
from tests.records.seed import batch, patient


@pytest.fixture(name="store")
def fixture_store(tmp_path: Path, reactor: Any) -> Iterator[Store]:
    store = Store(tmp_path / "x.sqlite", reactor, durable=False)
    store.open()
    store.write_now(lists.begin)
    yield store
    store.close()


def rows_of(store: Store, name: str) -> list[dict[str, Any]]:
    """As the screen sends them: what is shown, without its place."""
    shown = store.read_now(lists.shown)[name]
    return [{key: value for key, value in row.items() if key != "position"} for row in shown]


def faults(name: str, *rows: dict[str, Any]) -> list[tuple[int, str, str]]:
    with pytest.raises(Invalid) as caught:
        list_rows.read(name, rows)
    return [(problem.place.line, problem.place.file, problem.text) for problem in caught.value.problems]


@pytest.mark.parametrize("name", sorted(lists.TABLES))
def test_what_is_shown_is_taken_back_and_changes_nothing(store: Store, name: str) -> None:
    wanted = list_rows.read(name, rows_of(store, name))
    before = store.read_now(list_rows.versions)
    none: dict[str, list[str]] = {"added": [], "changed": [], "retired": []}
    assert store.write_now(lambda conn: list_rows.save(conn, name, wanted, before[name])) == none
    assert store.read_now(list_rows.versions) == before


def test_a_row_is_added_renamed_moved_and_retired(store: Store) -> None:
    rows = rows_of(store, "departments")
    rows[0]["names"] = {"en": "Medicine", "zh": "内科"}
    rows[1]["active"] = False
    rows.insert(0, rows.pop())
    rows.append({"code": "eye", "names": {"en": "Eye clinic"}, "active": True})
    seen = store.read_now(list_rows.versions)["departments"]
    wanted = list_rows.read("departments", rows)
    done = store.write_now(lambda conn: list_rows.save(conn, "departments", wanted, seen))
    assert done["added"] == ["eye"]
    shown = store.read_now(lists.shown)["departments"]
    assert [row["code"] for row in shown] == [row["code"] for row in rows]
    assert shown[1]["names"] == {"en": "Medicine", "zh": "内科"}
    assert [row["active"] for row in shown[:4]] == [True, True, False, True]


def test_two_editors_do_not_overwrite_each_other(store: Store) -> None:
    seen = store.read_now(list_rows.versions)
    mine = list_rows.read("stations", [{"code": "front-desk", "title": "Mine"}])
    theirs = list_rows.read("stations", [{"code": "front-desk", "title": "Theirs"}])
    store.write_now(lambda conn: list_rows.save(conn, "stations", theirs, seen["stations"]))
    with pytest.raises(Refused) as caught:
        store.write_now(lambda conn: list_rows.save(conn, "stations", mine, seen["stations"]))
    assert caught.value.code == list_rows.CHANGED
    assert rows_of(store, "stations")[1]["title"] == "Theirs"
    assert store.read_now(list_rows.versions)["kinds"] == seen["kinds"]


@pytest.mark.parametrize(
    ("name", "row", "field", "said"),
    [
        ("kinds", {"code": "a", "names": {}}, "names", "write a name"),
        ("kinds", {"code": "a"}, "", "`names` is missing"),
        ("kinds", {"code": "", "names": {"en": "A"}}, "", "1 to 60"),
        ("kinds", {"code": "a ", "names": {"en": "A"}}, "", "spaces"),
        ("kinds", {"code": "a", "names": {"en": "A\nB"}}, "names", "one line"),
        ("kinds", {"code": "a", "names": {"en": "A"}, "threshold": "much"}, "threshold", "not a number"),
        ("kinds", {"code": "a", "names": {"en": "A"}, "threshold": 2}, "", "0 to 1"),
        ("kinds", {"code": "a", "names": {"en": "A"}, "loinc": "1" * 21}, "", "20 characters"),
        ("kinds", {"code": "a", "names": {"en": "A"}, "values": [{"name": "x", "form": "z"}]}, "values.1.form", "one"),
        ("kinds", {"code": "a", "names": {"en": "A", "fr": "A"}}, "names.fr", "unknown key"),
        ("departments", {"code": "a" * 41, "names": {"en": "A"}}, "", "40 characters"),
        ("stations", {"code": "a/b"}, "", "no `/`"),
        ("stations", {"code": "a", "languages": "english please"}, "", "Tesseract"),
        ("stations", {"code": "a", "options": {"sides": "three"}}, "", "one, both, twice"),
        ("stations", {"code": "a", "active": "perhaps"}, "active", "choices"),
        ("stations", {"code": "a", "options": {"x": {"y": {"z": {"deep": 1}}}}}, "options.x", "one value"),
    ],
)
def test_the_row_and_the_field_of_a_fault(name: str, row: dict[str, Any], field: str, said: str) -> None:
    good = {"code": "good", "names": {"en": "Good"}} if name != "stations" else {"code": "good"}
    found = faults(name, good, row)
    assert [(line, place) for line, place, _ in found] == [(2, field)]
    assert said in found[0][2]


def test_a_code_stands_once() -> None:
    assert faults("stations", {"code": "a"}, {"code": "b"}, {"code": "a"})[0][0] == 3


def test_the_yaml_has_the_same_rules() -> None:
    row = {"code": "a/b", "languages": "eng"}
    with pytest.raises(Invalid) as caught:
        lists.read(yaml.safe_dump({"stations": [row]}))
    assert faults("stations", row)[0][2] == caught.value.problems[0].text


def test_how_often_a_code_is_used(store: Store) -> None:
    store.write_now(lambda conn: scanned(conn, patient(conn), 1, kind="consent", department="surgery"))
    store.write_now(lambda conn: batch(conn, station="archive"))
    found = store.read_now(list_rows.used)
    assert found["kinds"]["consent"] == 1
    assert "ecg" not in found["kinds"]
    assert found["stations"]["archive"] == 1
    assert found["departments"]["surgery"] == 2, "a document, and a kind"


def test_counting_reads_no_document_and_no_filed_draft(store: Store) -> None:
    def asked(conn: Connection) -> list[str]:
        told: list[str] = []
        raw(conn).set_trace_callback(told.append)
        list_rows.used(conn)
        raw(conn).set_trace_callback(None)
        return [row[3] for sql in told for row in conn.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]

    plan = store.read_now(asked)
    assert plan.count("SCAN document USING COVERING INDEX document_kind") == 2
    assert plan.count("SCAN draft USING INDEX draft_unfiled") == 2
