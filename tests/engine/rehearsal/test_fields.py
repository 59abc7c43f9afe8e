"""Fields of values, as an analyst names them."""

from __future__ import annotations

from engine.message import Blob, Hl7, Xml
from engine.rehearsal.fields import digest, fields, general, masked


def test_xml():
    value = Xml(b"<a k='1'><b>x</b><b>y<c/></b><d xmlns='urn:d'>z</d></a>")
    assert fields(value, "body") == {
        "body/a/@k": "1", "body/a/b[1]": "x", "body/a/b[2]": "y", "body/a/b[2]/c": "", "body/a/d/namespace()": "urn:d",
        "body/a/d": "z",
    }  # fmt: skip


def test_blanks_between_elements_are_no_text_and_blanks_in_a_text_are():
    assert fields(Xml(b"<a>\n <b> x</b>\n</a>"), "") == {"/a/b": " x"}


def test_hl7():
    value = Hl7(b"MSH|^~\\&|A||B\rPID|1||7^^^H~8||F^G&H\rOBX|1\rOBX|2\r")
    assert fields(value, "body") == {
        "body/MSH-2": "^~\\&", "body/MSH-3": "A", "body/MSH-5": "B", "body/PID-1": "1", "body/PID-3[1].1": "7",
        "body/PID-3[1].4": "H", "body/PID-3[2]": "8", "body/PID-5.1": "F", "body/PID-5.2.1": "G",
        "body/PID-5.2.2": "H", "body/OBX[1]-1": "1", "body/OBX[2]-1": "2",
    }  # fmt: skip


def test_json_and_documents():
    value = {"rows": [{"n": 1}, {"n": None}], "file": Blob("ab" * 32, 5, "application/pdf"), "raw": b"x"}
    found = fields(value)
    assert found["rows[1]/n"] == "1"
    assert found["file/document"] == "application/pdf, 5 bytes, sha256 abababababababab"
    assert found["raw"].startswith("1 bytes, sha256 ")
    assert "rows[2]/n" not in found


def test_what_is_no_xml_is_its_text():
    assert fields(Xml(b"<a>"), "body") == {"body": "<a>"}


def test_general_and_masked():
    assert general("body/OBX[2]-5[1].1") == "body/OBX-5.1"
    assert masked("李 Ann-7") == "某 Xxx-9"


def test_the_digest_sees_the_order_of_elements_and_not_the_form():
    assert digest(Xml(b"<a><b/><c/></a>")) != digest(Xml(b"<a><c/><b/></a>"))
    assert digest(Xml(b"<a  k='1'/>")) == digest(Xml(b'<a k="1"></a>'))
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest(["1"]) != digest([1])
