"""HL7 v2 as a value: paths, changes, escapes, character sets, acknowledgements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import hl7
from engine.message import Hl7, Refused

ADT = (
    "MSH|^~\\&|DESK|CLINIC|WAYBILL|HOME|20261121103000||ADT^A01^ADT_A01|77|P|2.5.1\r"
    "PID|1||4711^^^CLINIC^MR~99^^^STATE||Prueba^Ana^^||19800102|F|||Calle \\T\\ Co&2^^Lima\r"
    "OBX|1|NM|A||5\rOBX|2|NM|B||6\r"
)


ADDRESS = "||Prueba^Ana^^||19800102|F|||Calle \\T\\ Co&2^^Lima"


def message(text: str = ADT) -> hl7.Message:
    return hl7.Message(hl7.read(text.encode()))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("MSH-1", ["|"]),
        ("MSH-2", ["^~\\&"]),
        ("MSH-3", ["DESK"]),
        ("MSH-9.2", ["A01"]),
        ("MSH-10", ["77"]),
        ("PID-3.1", ["4711", "99"]),
        ("PID-3[2].4", ["STATE"]),
        ("PID-3[3].1", []),
        ("PID-5.1", ["Prueba"]),
        ("PID-5.3", []),
        ("PID-11.1.2", ["2"]),
        ("PID-11.1.1", ["Calle & Co"]),
        ("PID-11", ["Calle \\T\\ Co&2^^Lima"]),
        ("PID-40", []),
        ("OBX-5", ["5", "6"]),
        ("OBX[2]-5", ["6"]),
        ("ZZZ-1", []),
    ],
)
def test_what_a_path_finds(path: str, found: list[str]) -> None:
    assert message().get(path) == found


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("PID-5.1", "Otra", "PID|1||4711^^^CLINIC^MR~99^^^STATE||Otra^Ana^^||19800102|F|||Calle \\T\\ Co&2^^Lima"),
        ("PID-3[2].1", "9|9", "PID|1||4711^^^CLINIC^MR~9\\F\\9^^^STATE" + ADDRESS),
        ("OBX[2]-6.2", "mg", "OBX|2|NM|B||6|^mg"),
        ("OBX[3]-1", "3", "OBX|3"),
        ("ZAA-2", "new", "ZAA||new"),
        ("PID-3", "one", "PID|1||one||Prueba^Ana^^||19800102|F|||Calle \\T\\ Co&2^^Lima"),
    ],
)  # fmt: skip
def test_a_field_is_changed_and_nothing_else(path: str, text: str, line: str) -> None:
    changed = message()
    changed.set(path, text)
    lines = changed.to_bytes().decode().split("\r")
    assert line in lines
    assert [other for other in ADT.split("\r") if other not in lines and other[:3] != line[:3]] == []


def test_separators_are_not_fields_to_set() -> None:
    with pytest.raises(Refused):
        message().set("MSH-2", "x")
    with pytest.raises(Refused):
        message().set("OBX[5]-1", "x")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r\n")))
def test_whatever_is_set_is_found_again(text: str) -> None:
    changed = message()
    changed.set("PID-5.2", text)
    again = hl7.Message(hl7.read(changed.to_bytes()))
    assert again.get("PID-5.2") == ([text] if text else [])
    assert again.get("PID-5.1") == ["Prueba"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [("a\\F\\b", "a|b"), ("\\S\\\\T\\", "^&"), ("\\X41\\", "A"), ("\\Zxx\\y", "\\Zxx\\y"), ("end\\", "end\\"),
     ("\\H\\bold\\N\\", "bold"), ("a\\.br\\b", "a\nb"), ("\\E\\F\\E\\", "\\F\\")],
)  # fmt: skip
def test_escapes(text: str, plain: str) -> None:
    assert hl7.unescaped(text, ("|", "^", "~", "\\", "&")) == plain


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")))
def test_escaping_is_undone(text: str) -> None:
    marks = ("|", "^", "~", "\\", "&")
    assert hl7.unescaped(hl7.escaped(text, marks), marks) == text


def test_line_feeds_and_a_missing_last_return_are_mended() -> None:
    assert hl7.read(ADT.replace("\r", "\r\n").rstrip().encode()).data == ADT.encode()


def test_character_sets() -> None:
    text = ADT.replace("|P|2.5.1", "|P|2.5.1||||||GB 18030-2000").replace("Prueba", "示例")
    read = hl7.read(text.encode("gb18030"))
    assert hl7.Message(read).get("PID-5.1") == ["示例"]
    assert hl7.encode(read) == text.encode("gb18030")
    latin = hl7.read(ADT.replace("Prueba", "Muñoz").encode("latin-1"), "iso-8859-1")
    assert hl7.Message(latin).get("PID-5.1") == ["Muñoz"]
    with pytest.raises(Refused, match="WB-1202"):
        hl7.read(ADT.replace("|P|2.5.1", "|P|2.5.1||||||KLINGON").encode())
    with pytest.raises(Refused, match="WB-1202"):
        hl7.read(ADT.replace("Prueba", "Muñoz").encode("latin-1"))
    with pytest.raises(Refused, match="WB-1202"):
        hl7.encode(Hl7(text.replace("GB 18030-2000", "8859/1").encode()))


@pytest.mark.parametrize(
    "body", [b"", b"PID|1", b"MSH", b"MSH|||||", b"MSHAAAAAAAAA", b"MSH|^^^^|a", b"\x00\x01", b"MSH|^~\\&|\x00|a"]
)
def test_what_is_not_hl7_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        hl7.read(body)
    assert caught.value.code in ("WB-1201", "WB-1202")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(rest: bytes) -> None:
    try:
        hl7.Message(hl7.read(b"MSH|^~\\&|" + rest)).get("PID-3[1].1")
    except Refused:
        pass


@pytest.mark.parametrize("text", ["PID", "pid-3", "PID-0", "PID-3.0", "PID-3.1.1.1", "PID-3[0]", "PIDX-3", "PID-3.1]"])
def test_paths_that_are_none(text: str) -> None:
    assert not hl7.is_path(text)
    with pytest.raises(ValueError, match="write for example"):
        hl7.Path.parse(text)


@pytest.mark.parametrize("facility", ["示例医院", "東莞億達", "奮進區", "乛"])
@pytest.mark.parametrize("name", ["GB 18030-2000", "GB18030", "UNICODE UTF-8"])
def test_second_bytes_that_look_like_separators_are_none(facility, name):
    text = f"MSH|^~\\&|HIS|{facility}|A|B|20261121||ADT^A01|77|P|2.5||||||{name}\rPID|1||4711\r"
    wire = text.encode("utf-8" if "UTF" in name else "gb18030")
    assert hl7.charset_of(wire) == ("utf-8" if "UTF" in name else "gb18030")
    assert hl7.Message(hl7.read(wire)).get("MSH-4") == [facility]
    assert hl7.encode(hl7.read(wire)) == wire


@given(st.binary(max_size=60))
def test_the_character_set_of_any_bytes_is_told_or_refused(data):
    for body in (data, b"MSH" + data, b"MSH|^~\\&" + data.replace(b"|", b"||||||")):
        try:
            assert isinstance(hl7.charset_of(body), str)
        except Refused:
            continue


def test_what_would_end_the_message_is_written_as_an_escape() -> None:
    for raw in (False, True):
        message = hl7.Message(b"MSH|^~\\&|A\rPID|1\r")
        message.set("PID-5", "a\x1c\r\x0bMSH|b", raw=raw)
        assert message.to_bytes().count(b"\r") == 2
        assert not set(message.to_bytes()) & {0x0B, 0x1C}


def test_a_copy_is_changed_and_its_original_is_not() -> None:
    first = message()
    assert first.get("PID-3.1") == ["4711", "99"]
    second = first.copy()
    second.set("PID-3.1", "1")
    second.set("ZZZ-2", "new")
    assert (first.get("PID-3.1"), first.get("ZZZ-2")) == (["4711", "99"], [])
    assert (second.get("PID-3.1"), second.get("ZZZ-2")) == (["1", "99"], ["new"])
    assert first.to_bytes() == message().to_bytes()


def test_a_value_is_taken_apart_once_while_it_is_the_last() -> None:
    one, other = hl7.read(ADT.encode()), hl7.read(ADT.replace("4711", "12").encode())
    assert hl7.shared(one) is hl7.shared(one)
    assert hl7.shared(other).first("PID-3.1") == "12"
    assert hl7.shared(one).first("PID-3.1") == "4711"


@pytest.mark.parametrize("ending", ["\r", "", "\n", "\r\n"])
def test_the_ends_of_segments_are_carriage_returns(ending: str) -> None:
    segments = ADT.rstrip("\r").split("\r")
    made = hl7.read((ending or "\r").join(segments).encode() + ending.encode())
    assert made.data == ADT.encode()
