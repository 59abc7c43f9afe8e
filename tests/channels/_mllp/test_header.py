"""The header of a message, and the acknowledgement made from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels._mllp.header import acknowledge, outgoing, read_header, wanted
from engine import hl7
from engine.message import Hl7, Refused
from tests.contracts.fakes import NAME
from tests.contracts.mllp_peer import fields, message


def test_what_a_channel_must_know() -> None:
    header = read_header(message("M7", "AL", "ne"), "ascii")
    assert (header.operation, header.control_id, header.charset) == ("ADT_A01", "M7", "utf-8")
    assert header.identity == ("HIS", "WARD 甲", "M7")
    assert header.enhanced
    assert (header.accept, header.respond) == ("AL", "NE")
    assert not any(NAME in text for text in header.fields)
    assert "WARD" not in repr(header)
    assert not read_header(message(), "utf-8").enhanced


def test_gb18030_is_read_and_answered() -> None:
    content = message("M1", charset="GB 18030-2000")
    header = read_header(content, "utf-8")
    assert header.charset == "gb18030"
    assert header.identity[1] == "WARD 甲"
    answer = acknowledge(header, "AE", "WB-1007", "路径")
    assert fields(answer, b"MSH")[4:6] == ["HIS", "WARD 甲"]
    assert answer.decode("gb18030").count("路径")


def test_gb18030_whose_bytes_look_like_separators() -> None:
    content = message("M1", charset="GB 18030-2000").decode("gb18030").replace("甲", "東億奮區").encode("gb18030")
    header = read_header(content, "utf-8")
    assert header.identity == ("HIS", "WARD 東億奮區", "M1")
    assert fields(acknowledge(header, "AA"), b"MSH")[5] == "WARD 東億奮區"


def test_the_default_holds_when_msh_18_is_empty() -> None:
    content = message(charset="").decode().encode("gb18030")
    assert read_header(content, "gb18030").identity[1] == "WARD 甲"


def test_an_unknown_character_set_is_still_answered() -> None:
    header = read_header(message(charset="KLINGON"), "utf-8")
    assert b"MSA|AE|M1" in acknowledge(header, "AE", "WB-1202", "no")


def test_an_answer_that_its_character_set_cannot_say_is_sent_all_the_same() -> None:
    header = read_header(b"MSH|^~\\&|A|B|C|D|1||ADT^A01|9|P|2.5||||||ASCII\r", "utf-8")
    assert b"??" in acknowledge(header, "AE", "WB-1007", "路径")


def test_sender_and_receiver_change_places() -> None:
    answer = acknowledge(read_header(message("M1"), "utf-8"), "AA")
    msh = fields(answer, b"MSH")
    assert msh[2:6] == ["WAYBILL", "LAB", "HIS", "WARD 甲"]
    assert msh[8] == "ACK^A01^ACK"
    assert msh[11] == "2.5"
    assert fields(answer)[1:3] == ["AA", "M1"]
    assert b"ERR" not in answer


def test_each_answer_has_an_id_of_its_own() -> None:
    header = read_header(message(), "utf-8")
    ids = {fields(acknowledge(header, "AA"), b"MSH")[9] for _ in range(100)}
    assert len(ids) == 100
    assert max(map(len, ids)) <= 20


def test_an_error_stands_in_err_with_its_code() -> None:
    answer = acknowledge(read_header(message(), "utf-8"), "AE", "WB-1007", "PID-3: missing")
    assert fields(answer, b"ERR")[5].startswith("WB-1007^")
    assert fields(answer)[3].startswith("WB-1007 ")


def test_without_a_readable_header_the_answer_names_no_message() -> None:
    answer = acknowledge(None, "AR", "WB-1201", "no MSH")
    assert fields(answer)[1:3] == ["AR", ""]


@pytest.mark.parametrize("content", [b"", b"MSH", b"MSH|", b"PID|1\r", b"MSH||||\r", b"\xff\xfeM\0S\0H\0"])
def test_what_is_no_header_is_refused(content: bytes) -> None:
    with pytest.raises(Refused) as caught:
        read_header(content, "utf-8")
    assert caught.value.code == hl7.NOT_HL7


def test_other_separators_and_line_ends() -> None:
    header = read_header(b"MSH#*~\\&#A#B#C#D#1##ORU*R01#77#P#2.3\nPID#1\n", "utf-8")
    assert (header.operation, header.control_id) == ("ORU_R01", "77")
    assert b"MSA#AA#77" in acknowledge(header, "AA")


def test_a_type_without_an_event() -> None:
    assert read_header(b"MSH|^~\\&|A|B|C|D|1||ACK|77|P|2.3\r", "utf-8").operation == "ACK"


def test_a_value_is_utf_8_whatever_it_says() -> None:
    value = hl7.read(message(charset="GB 18030-2000"))
    assert isinstance(value, Hl7)
    assert outgoing(value, None) == ("ADT_A01", "M1", message(charset="GB 18030-2000"))


def test_a_header_that_ends_early_names_nothing() -> None:
    assert outgoing(Hl7(b"MSH|^~\\&|A|B\r"), None)[:2] == ("", "")
    assert outgoing(Hl7(b"MSH|^~\\&|A|B|C|D|||ADT\r"), None)[:2] == ("ADT", "")


@pytest.mark.parametrize(
    ("told", "own", "codec"),
    [
        ("", None, "utf-8"),
        ("", "gb18030", "gb18030"),
        ("8859/1", "gb18030", "iso-8859-1"),
        ("UNICODE UTF-8", "ascii", "utf-8"),
    ],
)
def test_a_message_goes_in_its_own_character_set_else_in_the_connections(
    told: str, own: str | None, codec: str
) -> None:
    text = f"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5||||||{told}\rPID|1||é\r"
    assert outgoing(Hl7(text.encode()), own)[2] == text.encode(codec)


def test_a_message_that_its_character_set_does_not_hold_is_refused() -> None:
    for told in ("8859/1", "KLINGON"):
        with pytest.raises(Refused) as caught:
            outgoing(Hl7(f"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5||||||{told}\rPID|1||示例\r".encode()), None)
        assert caught.value.code == "WB-1202"


def test_an_acknowledgement_changes_sender_and_receiver_over_and_tells_why() -> None:
    header = read_header(message(), "utf-8")
    assert acknowledge(header, "AE", "WB-1007", "WB-1007 no").count(b"WB-1007 no") == 2  # MSA-3 and ERR-5, once in each
    assert b"WB-1007 WB-1007" not in acknowledge(header, "AE", "WB-1007", "WB-1007 no")
    answer = hl7.Message(hl7.read(acknowledge(header, "AE", "WB-1007", "no | yes")))
    sent = hl7.Message(hl7.read(message()))
    places = ("MSH-3", "MSH-4", "MSH-5", "MSH-6", "MSH-9.2", "MSA-2")
    taken = ("MSH-5", "MSH-6", "MSH-3", "MSH-4", "MSH-9.2", "MSH-10")
    assert [answer.first(place) for place in places] == [sent.first(place) for place in taken]
    assert [answer.first(place) for place in ("MSH-9.1", "MSA-1", "MSA-3", "ERR-4", "ERR-5.1")] == [
        "ACK", "AE", "WB-1007 no | yes", "E", "WB-1007",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "good", "bad"),
    [("AL", True, True), ("NE", False, False), ("ER", False, True), ("SU", True, False), ("", False, False)],
)
def test_table_0155(condition: str, good: bool, bad: bool) -> None:
    assert wanted(condition, True) is good
    assert wanted(condition, False) is bad


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for content in (data, b"MSH|^~\\&|" + data):
        try:
            header = read_header(content, "utf-8")
        except Refused:
            continue
        assert b"MSA|AR" in acknowledge(header, "AR", "WB-1004", "no").replace(content[3:4], b"|")
