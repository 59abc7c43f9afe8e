"""Files of appointments as hospitals export them."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from engine.message import Refused
from engine.store.schema_records import appointment
from records.appointments_csv import MOST, Entry, complaint, put, read

HEAD = "id,number,day\n"


@pytest.mark.parametrize(
    "data",
    [
        b"id,number,day\nA1,7,2026-11-22\n",
        "\ufeffID;Number;Day\r\nA1;7;22/11/2026\r\n".encode(),
        b"id\tnumber\tday\r\n\r\nA1\t7\t20261122",
        'id,number,day,name\n"A1"," 7 ",2026/11/22,"示例, 甲"\n'.encode("gb18030"),
    ],
)
def test_forms(data: bytes) -> None:
    (entry,) = read(data)
    fields = {name: entry.fields[name] for name in ("id", "number", "day", "state")}
    assert fields == {"id": "A1", "number": "7", "day": "2026-11-22", "state": "planned"}


def test_other_words_for_the_columns() -> None:
    data = "预约号,病历号,日期,状态\nA1,7,2026-11-22,cancelled\n".encode("gb18030")
    (entry,) = read(data, {"id": "预约号", "number": "病历号", "day": "日期", "state": "状态"})
    assert entry == Entry(2, {"id": "A1", "number": "7", "day": "2026-11-22", "state": "cancelled"})
    assert "A1" not in repr(entry)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "names no column for id, number, day"),
        (b"id,name\n1,x\n", "names no column for number, day"),
        (b"\xff\xff\xff", "neither UTF-8 nor GB18030"),
        (HEAD.encode() + b'"' + b"x" * 200_000 + b'"', "is no CSV"),
        (HEAD.encode() + b"a,1,2026-11-22\n" * (MOST + 1), "more than 20000"),
        (b"x" * ((8 << 20) + 1), "larger than 8 MiB"),
    ],
)
def test_what_is_no_file_of_appointments(data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as failed:
        read(data)
    assert failed.value.code == "WB-8703"


def test_a_line_is_put_or_cancelled(conn: Connection) -> None:
    for entry in read((HEAD.strip() + ",state\nA1,7,2026-11-22,\nA1,7,2026-11-22,Cancelled\n").encode()):
        put(conn, entry, 5)
    assert conn.execute(select(appointment.c.state)).scalars().all() == ["cancelled"]
    with pytest.raises(Refused, match="neither planned nor cancelled"):
        put(conn, Entry(2, {"id": "A", "state": "perhaps"}), 5)


def test_a_complaint_names_ten_lines() -> None:
    said = complaint([(line, "no day") for line in range(2, 20)], 100)
    assert said.startswith("18 of 100 appointments")
    assert said.count("no day") == 10
    assert said.endswith("and 8 more")
