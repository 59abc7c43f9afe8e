"""What an acknowledgement says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels._mllp.answer import PEER_FAILED, SAID_NO, _read, _usual, judge, read_answer, unreadable
from engine.hl7 import Message
from engine.message import Failure, Hl7, InDoubt, Refused, Unavailable
from tests.contracts.fakes import NAME
from tests.contracts.mllp_peer import acknowledgement, message


def test_code_and_message() -> None:
    answer = read_answer(acknowledgement("AA", "M1"), "utf-8")
    assert (answer.code, answer.control_id, answer.error, answer.asks) == ("AA", "M1", "", False)
    assert answer.value.data.startswith(b"MSH|")
    judge(answer, retry=False)


@pytest.mark.parametrize(
    ("msa", "code", "control_id"),
    [
        ("MSA|AA|M1", "AA", "M1"),
        ("MSA|AA|M1|text with an \\T\\ escape", "AA", "M1"),
        ("MSA|AA|M~1", "AA", "M"),
        ("MSA|AA", "AA", ""),
        ("MSA||M1\rMSA|AA|M2", "AA", "M1"),
    ],
)
def test_it_is_read_as_its_paths_are(msa: str, code: str, control_id: str) -> None:
    content = f"MSH|^~\\&|A|B|C|D|20260105083000||ACK|1|P|2.5\r{msa}\r".encode()
    answer = read_answer(content, "utf-8")
    message = Message(Hl7(content))
    assert (answer.code, answer.control_id) == (code, control_id)
    assert (message.first("MSA-1"), message.first("MSA-2")) == (code, control_id)


PART = st.text(st.sampled_from("AMC1 |^~\\&\r\n\té示"), max_size=6)


@given(head=PART, accept=PART, told=st.sampled_from(["", "", "UNICODE UTF-8", "KLINGON"]), code=st.sampled_from(
    ["AA", "CA", "AE", "XX", ""]), rest=PART, more=st.sampled_from(["", "", "NTE|1\r", "\n"]))  # fmt: skip
def test_a_usual_answer_is_read_as_any_other(
    head: str, accept: str, told: str, code: str, rest: str, more: str
) -> None:
    text = f"MSH|^~\\&|{head}|B|C|D|1||ACK|1|P|2.5|||{accept}|||{told}\rMSA|{code}|{rest}\r{more}"
    content = text.encode()
    short = _usual(content)
    assert short is None or short == _read(content, "utf-8")


def test_usual_answers_are_read_the_short_way() -> None:
    assert _usual(acknowledgement("AA", "M1")) == _read(acknowledgement("AA", "M1"), "utf-8")
    assert _usual(acknowledgement("AE", "M1")) is None


@pytest.mark.parametrize("code", ["AA", "CA"])
def test_taken(code: str) -> None:
    judge(read_answer(acknowledgement(code, "M1"), "utf-8"), retry=True)


@pytest.mark.parametrize(
    ("code", "retry", "kind", "number"),
    [
        ("AE", False, Refused, SAID_NO), ("CE", False, Refused, SAID_NO), ("AR", False, Refused, SAID_NO),
        ("AE", True, Unavailable, PEER_FAILED), ("CE", True, Unavailable, PEER_FAILED),
        ("AR", True, Refused, SAID_NO), ("CR", True, Refused, SAID_NO),
    ],
)  # fmt: skip
def test_not_taken(code: str, retry: bool, kind: type[Failure], number: str) -> None:
    with pytest.raises(kind) as caught:
        judge(read_answer(acknowledgement(code, "M1"), "utf-8"), retry)
    assert caught.value.code == number
    assert code in caught.value.reason


@pytest.mark.parametrize("error", ["ERR|||101^Required field missing^HL70357|E", "ERR|PID^1^3^101&Required&HL70357"])
def test_the_number_of_an_error_is_told_and_no_text(error: str) -> None:
    content = acknowledgement("AE", "M1") + f"{error}|||{NAME}\r".encode()
    with pytest.raises(Refused) as caught:
        judge(read_answer(content, "utf-8"), False)
    assert "error 101" in str(caught.value)
    assert NAME not in str(caught.value)


def test_an_error_that_is_no_number_is_left_out() -> None:
    content = acknowledgement("AR", "M1") + f"ERR|||{NAME}\r".encode()
    assert read_answer(content, "utf-8").error == ""


@pytest.mark.parametrize("content", [b"", b"OK", message("M1"), acknowledgement("XX", "M1"), acknowledgement("", "M1")])
def test_what_is_no_acknowledgement(content: bytes) -> None:
    with pytest.raises(Refused) as caught:
        read_answer(content, "utf-8")
    assert isinstance(unreadable(caught.value), InDoubt)


def test_an_answer_may_ask_for_an_answer() -> None:
    assert read_answer(acknowledgement("AA", "M1", "|||AL|NE"), "utf-8").asks
    assert not read_answer(acknowledgement("CA", "M1", "|||AL|NE"), "utf-8").asks
    assert not read_answer(acknowledgement("AA", "M1", "|||NE|NE"), "utf-8").asks
