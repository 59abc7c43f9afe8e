"""Identities replaced everywhere, and nothing left."""

from __future__ import annotations

import base64

import pytest

from engine.message import Blob, Hl7, Refused, Value, Xml
from engine.rehearsal.fixture import LEFT, Persons, Replacing, clean, free_texts, is_attachment, raw
from engine.rehearsal.leaves import leaves
from engine.rehearsal.paper import pdf

SECRET = b"s" * 32
PDF = base64.b64encode(pdf()).decode()


def cleaned(value: Value, *labels: tuple[str, str]) -> tuple[Value, Replacing]:
    persons = Persons()
    persons.look(value)
    persons.labels(labels)
    replacing = Replacing(persons, "", SECRET)
    return clean(value, replacing), replacing


def texts(value: Value) -> list[str]:
    return [leaf.text for leaf in leaves(value)]


def test_the_same_text_is_the_same_everywhere_also_in_free_text():
    made, _ = cleaned(Xml("<a><PATName>李小明</PATName><note>患者李小明, 李小明先生</note></a>".encode()))
    name, note = texts(made)
    assert name != "李小明"
    assert note == f"患者{name}, {name}先生"


def test_a_latin_name_is_no_part_of_a_word():
    made, _ = cleaned({"name": "Ann", "note": "Ann has an Annex; ann"})
    assert isinstance(made, dict)
    assert made["note"] == f"{made['name']} has an Annex; ann"


def test_numbers_that_belong_together_still_do():
    made, _ = cleaned({"visit_no": "900000011", "order_id": "900000011||1", "exam_id": "900000011-12"})
    assert isinstance(made, dict)
    assert made["order_id"] == f"{made['visit_no']}||1"
    assert made["exam_id"] == f"{made['visit_no']}-12"


def test_a_birth_date_in_another_form():
    made, _ = cleaned({"birthDate": "1988-04-12", "note": "born 19880412, that is 1988年4月12日"})
    assert isinstance(made, dict)
    assert "19880412" not in made["note"]
    assert made["birthDate"].replace("-", "") in made["note"]
    assert "1988年4月12日" not in made["note"]


def test_hl7_family_and_given_name_together():
    value = Hl7("MSH|^~\\&|A\rPID|1||7788001^^^H||示例^甲||19900101\rNTE|1||示例甲来了, 甲\r".encode())
    made, _ = cleaned(value)
    assert isinstance(made, Hl7)
    text = made.data.decode()
    assert "示例" not in text
    family, given = text.split("PID|1||")[1].split("|")[2].split("^")
    assert f"{family}{given}来了" in text


def test_the_character_set_of_hl7_stays():
    value = Hl7("MSH|^~\\&|A|||||||||||||||GB 18030-2000\rPID|1||1234567||示例^甲\r".encode())
    made, _ = cleaned(value)
    assert "|" in raw(made).decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        raw(made).decode("utf-8")


def test_documents_become_an_invented_one():
    assert is_attachment(PDF)
    made, replacing = cleaned({"file": PDF, "blob": Blob("ab" * 32, 9, "application/pdf", "Ann.pdf"), "name": "Ann"})
    assert isinstance(made, dict)
    assert base64.b64decode(made["file"]).startswith(b"%PDF")
    assert made["blob"].name == "invented.pdf"
    assert replacing.attachments == 2


def test_labels_with_phi():
    made, _ = cleaned({"who": "甄别实"}, ("name", "甄别实"))
    assert isinstance(made, dict)
    assert made["who"] != "甄别实"


def test_what_is_left_is_refused_with_its_place():
    persons = Persons()
    persons.see("Realname", "name")
    with pytest.raises(Refused) as caught:
        clean(Xml(b"<Realname><b>x</b></Realname>"), Replacing(persons, "", SECRET))
    assert caught.value.code == LEFT
    assert "Realname" not in caught.value.reason


def test_nobody_is_no_identity():
    persons = Persons()
    persons.look({"phone": "00000000000", "name": " ", "mobile": "-"})
    assert persons.kinds == {}


def test_free_texts_are_named():
    note, story = "something longer that a person wrote", "患者自述失眠两周, 加重三天"
    value = Xml(f"<a><note>{note}</note><code>AB-1</code><long>{'x' * 40}</long><zh>{story}</zh></a>".encode())
    assert free_texts(value) == ["/a/note", "/a/zh"]


def test_short_texts_only_where_they_stand_alone():
    made, _ = cleaned(Hl7(b"MSH|^~\\&|A\rPID|1||77||A^B||19900101\rOBX|1|NM|77||77.7\r"))
    assert isinstance(made, Hl7)
    assert b"77.7" in made.data
    assert b"||77||" not in made.data
