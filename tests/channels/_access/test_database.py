"""Rows through real ODBC drivers: libsqliteodbc for all, mdbtools for reading a real Jet 4 file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pyodbc
import pytest

from channels._access.database import AWAY, DOUBT, LOCKED, Database, Turn, commit, explain
from channels._access.table import DIFFERS, NO
from engine.message import Failure, InDoubt, Refused, Unavailable

JET = Path(__file__).parents[2] / "data" / "MultiTrace.mdb"
ROW = {"ClientID": "175||1", "ClientFirstName": "测试甲", "ClientLastName": "", "Sex": "1", "BirthDate": "1980-02-03"}
TABLE = (
    "CREATE TABLE Clients (ClientID VARCHAR(50) PRIMARY KEY, ClientFirstName VARCHAR(100), ClientLastName VARCHAR(100),"
    " Sex VARCHAR(10), BirthDate DATETIME, Note TEXT)"
)


@pytest.fixture(name="file")
def fixture_file(tmp_path: Path) -> Path:
    path = tmp_path / "the device.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(TABLE)
    connection.close()
    return path


@pytest.fixture(name="lock")
def fixture_lock(file: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(file, isolation_level=None)
    yield connection
    connection.close()


def database(file: Path, timeout: float = 0.1) -> Database:
    return Database(file, "SQLite3", timeout)


def insert(file: Path, row: dict, key: tuple[str, ...] = ("ClientID",), refuse: bool = False) -> str:
    return database(file).insert("Clients", key, row, Turn(), refuse=refuse)


def rows(file: Path) -> list[tuple]:
    connection = sqlite3.connect(file)
    try:
        return connection.execute("SELECT * FROM Clients ORDER BY ClientID").fetchall()
    finally:
        connection.close()


def failure(kind: type[Failure], code: str, work, *args, **keywords) -> str:
    with pytest.raises(kind) as caught:
        work(*args, **keywords)
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert "测试" not in str(caught.value)
    return caught.value.reason


def test_a_row_is_inserted_once(file: Path) -> None:
    assert insert(file, ROW) == "new"
    assert insert(file, ROW) == "same"
    (row,) = rows(file)
    assert row[:4] == ("175||1", "测试甲", None, "1")
    assert row[4].startswith("1980-02-03 00:00:00")


def test_other_values_under_the_same_key_are_refused_by_column(file: Path) -> None:
    insert(file, ROW)
    reason = failure(Refused, DIFFERS, insert, file, ROW | {"ClientFirstName": "测试乙", "Sex": "2"})
    assert reason == "the row exists in Clients with other values of ClientFirstName, Sex"
    assert len(rows(file)) == 1


def test_any_row_is_refused_when_asked_so(file: Path) -> None:
    assert insert(file, ROW, refuse=True) == "new"
    failure(Refused, DIFFERS, insert, file, ROW, refuse=True)
    assert database(file).has("Clients", ["ClientID"], ROW)
    assert not database(file).has("Clients", ["ClientID"], ROW | {"ClientID": "other"})


def test_an_order_of_another_key_is_another_row(file: Path) -> None:
    insert(file, ROW)
    insert(file, ROW | {"ClientID": "175||2"})
    assert [row[0] for row in rows(file)] == ["175||1", "175||2"]


def test_a_typing_error_names_the_column(file: Path) -> None:
    assert "no column ClientFristName (did you mean ClientFirstName?)" in failure(
        Refused, NO, insert, file, {"ClientID": "1", "ClientFristName": "测试甲"}
    )
    assert "no table Client" in failure(
        Refused, NO, database(file).insert, "Client", ["ClientID"], ROW, Turn(), refuse=False
    )
    assert "key is not complete: ClientID" in failure(Refused, NO, insert, file, ROW | {"ClientID": ""})


def test_names_that_are_no_identifiers_reach_no_statement(file: Path) -> None:
    failure(Refused, NO, insert, file, {"ClientID] = 1; DROP TABLE Clients --": "1"})
    failure(Refused, NO, database(file).find, "Clients] --", {"ClientID": "1"})
    assert rows(file) == []


def test_a_text_too_long_is_refused_before_it_is_cut(file: Path) -> None:
    reason = failure(Refused, NO, insert, file, ROW | {"Sex": "测试" * 6})
    assert reason == "the text for Sex is too long (12, the column takes 10)"


def test_a_table_without_unique_key_still_gets_one_row(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE Loose (ClientID TEXT, Name TEXT)")
    connection.close()
    for expected in ("new", "same"):
        done = database(file).insert("Loose", ["ClientID"], {"ClientID": "1", "Name": "x"}, Turn(), refuse=False)
        assert done == expected
    with sqlite3.connect(file) as connection:
        connection.execute("INSERT INTO Loose VALUES ('1', 'x')")
    connection.close()
    assert "several rows" in failure(Refused, DIFFERS, database(file).find, "Loose", {"ClientID": "1"})


def test_update_changes_one_row_and_repeats(file: Path) -> None:
    insert(file, ROW)
    insert(file, ROW | {"ClientID": "2"})
    change = {"ClientID": "175||1", "ClientFirstName": "测试丙"}
    assert database(file).update("Clients", ["ClientID"], change, Turn()) == "changed"
    assert database(file).update("Clients", ["ClientID"], change, Turn()) == "same"
    assert [row[1] for row in rows(file)] == ["测试丙", "测试甲"]
    failure(Refused, NO, database(file).update, "Clients", ["ClientID"], change | {"ClientID": "9"}, Turn())


def test_find_answers_json(file: Path) -> None:
    insert(file, ROW)
    found = database(file).find("Clients", {"ClientID": "175||1"})
    assert found == ROW | {"ClientLastName": None, "BirthDate": "1980-02-03T00:00:00", "Note": None}
    assert database(file).find("Clients", {"ClientID": "none"}) is None


def test_a_locked_file_is_unavailable(file: Path, lock: sqlite3.Connection) -> None:
    lock.execute("BEGIN EXCLUSIVE")
    failure(Unavailable, LOCKED, insert, file, ROW)
    lock.execute("ROLLBACK")
    lock.execute("BEGIN IMMEDIATE")
    failure(Unavailable, LOCKED, insert, file, ROW)
    lock.execute("ROLLBACK")
    assert insert(file, ROW) == "new"


def test_a_reader_that_stops_the_commit_is_unavailable_and_nothing_is_written(
    file: Path, lock: sqlite3.Connection
) -> None:
    insert(file, ROW)
    lock.execute("BEGIN")
    lock.execute("SELECT * FROM Clients").fetchone()
    failure(Unavailable, LOCKED, insert, file, ROW | {"ClientID": "2"})
    lock.execute("ROLLBACK")
    assert len(rows(file)) == 1


def test_another_unique_rule_of_the_table_refuses(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE UNIQUE INDEX one_name ON Clients (ClientFirstName)")
    connection.close()
    insert(file, ROW)
    failure(Refused, DIFFERS, insert, file, ROW | {"ClientID": "2"})


def test_a_missing_file_is_unavailable_and_is_not_made(tmp_path: Path) -> None:
    away = tmp_path / "away.sqlite"
    failure(Unavailable, AWAY, insert, away, ROW)
    assert not away.exists()


def test_a_path_that_unixodbc_would_garble_is_refused_and_no_file_is_made(file: Path) -> None:
    other = file.rename(file.with_name("设备.sqlite"))
    assert "ASCII" in failure(Unavailable, AWAY, insert, other, ROW)
    assert list(other.parent.iterdir()) == [other]


def test_a_missing_driver_is_named(file: Path) -> None:
    assert "Nope is not installed (there are:" in failure(Unavailable, AWAY, Database(file, "Nope").probe)


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    bad = tmp_path / "bad.sqlite"
    bad.write_bytes(b"not a database" * 100)
    failure(Unavailable, AWAY, insert, bad, ROW)


def test_nothing_is_committed_after_the_caller_gave_up(file: Path) -> None:
    turn = Turn()
    assert turn.give_up()
    failure(Unavailable, AWAY, database(file).insert, "Clients", ["ClientID"], ROW, turn, refuse=False)
    assert rows(file) == []


def test_the_caller_does_not_know_once_the_commit_began() -> None:
    turn = Turn()
    turn.commit()
    assert not turn.give_up()


def test_a_password_and_a_path_cannot_end_their_part() -> None:
    text = Database(Path("/data/a;b.mdb"), "Microsoft Access Driver (*.mdb, *.accdb)", 5, "p;}w", "X=1")._string()
    assert text == (
        "DRIVER={Microsoft Access Driver (*.mdb, *.accdb)};DBQ={/data/a;b.mdb};PWD={p;}}w};X=1"
    )  # fmt: skip
    assert "p;}w" not in repr(Database(Path("x"), "y", 5, "p;}w"))


@pytest.mark.parametrize(
    ("state", "text", "kind", "code"),
    [
        ("HY000", "Could not update; currently locked. (-1102)", Unavailable, LOCKED),
        ("HY000", "文件已在使用中。 (-1024)", Unavailable, LOCKED),
        ("HY000", "a state by user 'Admin' that prevents it from being opened or locked (-1)", Unavailable, LOCKED),
        ("23000", "索引重复。 (-1605)", Refused, DIFFERS),
        ("22018", "Data type mismatch (-3030)", Refused, NO),
        ("HY000", "Disk or network error. (-1022)", Unavailable, AWAY),
    ],
)
def test_what_the_access_driver_says(state: str, text: str, kind: type[Failure], code: str) -> None:
    text = f"[Microsoft][ODBC Microsoft Access Driver] {text} (SQLExecDirectW)"
    failure = explain(pyodbc.Error(state, f"[{state}] {text}"))
    assert (type(failure), failure.code) == (kind, code)
    assert "Admin" not in str(failure)


def test_a_real_jet_file_is_read() -> None:
    jet = Database(JET, "MDBTools")
    first = jet.find("Clients", {"ClientID": "0000000001"})
    assert first == {
        "ClientID": "0000000001",
        "ClientFirstName": "测试甲",
        "ClientLastName": "张",
        "Sex": "1",
        "BirthDate": "1980-02-03T00:00:00",
        "Note": "备注 nota 1",
    }
    names = [jet.find("Clients", {"ClientID": f"000000000{number}"}) for number in (1, 2, 3)]
    assert [row and row["ClientLastName"] for row in names] == ["张", "欧阳", "García Núñez"]
    assert jet.find("Clients", {"ClientID": "0000000004"}) is None
    assert jet.find("Clients", {"Sex": "1", "BirthDate": "1980-02-03"}) == first
    failure(Refused, DIFFERS, jet.find, "Clients", {"Sex": "2"})


def test_a_real_jet_file_is_never_written_here(tmp_path: Path) -> None:
    copy = tmp_path / "copy.mdb"
    copy.write_bytes(JET.read_bytes())
    assert "MDBTools driver only reads" in failure(
        Refused, NO, Database(copy, "MDBTools").insert, "Clients", ["ClientID"], ROW, Turn(), refuse=False
    )
    assert copy.read_bytes() == JET.read_bytes()


class DyingConnection:
    """Of an ODBC connection only what COMMIT needs: the disk goes away under it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def commit(self) -> None:
        raise pyodbc.Error("HY000", f"[HY000] {self.text} (SQLEndTran)")


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("[SQLite]disk I/O error (10)", InDoubt, DOUBT),
        ("[Microsoft][ODBC Microsoft Access Driver] Disk or network error. (-1022)", InDoubt, DOUBT),
        ("[SQLite]database is locked (5)", Unavailable, LOCKED),
    ],
)
def test_a_commit_that_fails_is_in_doubt_unless_the_file_was_locked(text: str, kind: type[Failure], code: str) -> None:
    failure(kind, code, commit, DyingConnection(text), Turn())
