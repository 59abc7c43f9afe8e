"""From a stored message to files."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli import _office
from engine.message import Refused
from engine.registry import Registry
from engine.rehearsal import making
from engine.rehearsal.fixture import NOT_TAKEN
from engine.rehearsal.making import Made
from engine.site.load import load_site
from tests.engine.rehearsal.hall import SHEET, SITE, Hall, order
from tests.engine.rehearsal.test_sides import CHECKED, REPLY, XSD

NAME = "Anna Real"
CHOICE = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="order"><xs:complexType>
<xs:sequence>
<xs:element name="id"/><xs:element name="name"><xs:simpleType><xs:restriction base="xs:string">
<xs:enumeration value="Anna Real"/></xs:restriction></xs:simpleType></xs:element></xs:sequence></xs:complexType>
</xs:element></xs:schema>"""


def made(hall: Hall, asked: str, **more: bool) -> Made:
    found = _office.read(hall.state, lambda conn: making.find(conn, asked))
    assert found is not None
    stored, labels = _office.read(hall.state, lambda conn: making.load(conn, found.seq, hall.state))
    return making.make(load_site(hall.site, Registry()), stored, labels, name="x", secret=b"s" * 32, **more)


async def test_by_the_id_of_a_message_or_of_a_run(tmp_path: Path):
    hall = Hall(tmp_path)
    (run,) = await hall.play(order(4711, NAME))
    by_run, by_message = made(hall, run["id"]), made(hall, run["message_id"])
    assert by_run.files == by_message.files
    assert list(by_run.files) == ["x.xml"]
    assert NAME.encode() not in by_run.files["x.xml"]
    assert by_run.files["x.xml"].startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<order><id>4711</id>')
    assert _office.read(hall.state, lambda conn: making.find(conn, "none")) is None


async def test_a_result_that_the_route_would_not_take(tmp_path: Path):
    hall = Hall(tmp_path, CHECKED, made__xsl=SHEET, o__xsd=CHOICE, reply__xsl=REPLY)
    (run,) = await hall.play(order(1, NAME))
    with pytest.raises(Refused) as caught:
        made(hall, run["id"])
    assert caught.value.code == NOT_TAKEN


async def test_an_invalid_message_stays_invalid(tmp_path: Path):
    hall = Hall(tmp_path, CHECKED, made__xsl=SHEET, o__xsd=XSD.replace("MOST", "5"), reply__xsl=REPLY)
    await hall.play(order(1, "a long real name"))
    message = _office.read(hall.state, lambda conn: conn.exec_driver_sql("SELECT id FROM message").scalar())
    shown = made(hall, str(message), as_test=True)
    assert b"a long real name" not in shown.files["x.xml"]
    assert b"kind: invalid" in shown.files["x.yaml"]
    assert b"code: WB-1007" in shown.files["x.yaml"]


async def test_what_cannot_be_read(tmp_path: Path):
    hall = Hall(tmp_path, SITE, made__xsl=SHEET)
    await hall.play("<order><name>Ann")
    message = _office.read(hall.state, lambda conn: conn.exec_driver_sql("SELECT id FROM message").scalar())
    with pytest.raises(Refused) as caught:
        made(hall, str(message))
    assert caught.value.code == NOT_TAKEN
