"""The COSS provider's conversations, without any I/O."""

from __future__ import annotations

from typing import Any

import pytest

from engine.message import Blob, InDoubt, Refused
from engine.transform.pdf import Box
from signing.coss import Coss
from signing.provider import (
    ANSWER,
    Begun,
    Cancelled,
    Declined,
    Expired,
    Failed,
    Pending,
    ProviderRequest,
    Returned,
    Signer,
    SignJob,
    Steps,
)

PDF = Blob("a" * 64, 1000, "application/pdf")
JOB = SignJob("key", 7, 1, "D9001", "report 1", reference="job-1", minutes=20, seal=Box(2, 360.2, 120.7, 445.9, 160.0))


def talk(steps: Steps[Any], *answers: Any) -> tuple[Any, list[ProviderRequest]]:
    """Play the answers (an exception is thrown in); the outcome and what was asked."""
    asked: list[ProviderRequest] = []
    todo = list(answers)
    try:
        asked.append(next(steps))
        while True:
            answer = todo.pop(0)
            asked.append(steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer))
    except StopIteration as end:
        return end.value, asked


def test_a_staff_number_is_resolved() -> None:
    outcome, asked = talk(Coss().resolve_signer("D9001"), {"userId": "U1"})
    assert outcome == Signer("U1")
    assert asked[0].arguments == {"fields": {"uniqueId": "D9001"}}
    assert talk(Coss().resolve_signer("D9001"), {})[0] == Failed(ANSWER, "queryUserInfo: no userId")
    assert talk(Coss().resolve_signer("D9001"), Refused("WB-3003", "status 404"))[0].code == "WB-3003"


def test_begin_hands_the_whole_pdf_in_with_the_seal_inside_its_rectangle() -> None:
    outcome, asked = talk(Coss().begin(JOB, PDF), {"userId": "U1"}, {"signDataId": "S1"})
    assert outcome == Begun("S1", 1200.0)
    assert [request.operation for request in asked] == ["queryUserInfo", "addPdfSignJob"]
    fields = asked[1].arguments["fields"]
    assert fields["pdfFileStr"] is PDF
    assert fields["userId"] == "U1"
    assert fields["version"] == "2.0.9"
    assert fields["expiryDate"] == 20
    assert fields["coordOfRuleInfo"] == {"top": 160, "right": 445, "bottom": 121, "left": 361, "pageNo": 2}
    assert (fields["signWidth"], fields["signHeight"]) == (84, 39)


def test_begin_with_a_known_signer_asks_once_and_may_be_called_back() -> None:
    job = SignJob("key", 7, 1, "D9001", "t", signer="U2")
    _, asked = talk(Coss(call_back="https://here/back").begin(job, PDF), {"signDataId": "S1"})
    (request,) = asked
    assert request.arguments["fields"]["userId"] == "U2"
    assert request.arguments["fields"]["callBackUrl"] == "https://here/back"
    assert "coordOfRuleInfo" not in request.arguments["fields"]


def test_begin_that_fails() -> None:
    assert talk(Coss(max_size=10).begin(JOB, PDF))[0] == Failed("WB-4051", "the report is larger than 10 bytes")
    assert talk(Coss().begin(JOB, PDF), Refused("WB-3003", "no"))[0] == Failed("WB-3003", "no")
    assert talk(Coss().begin(JOB, PDF), {"userId": "U1"}, "text")[0].code == ANSWER
    assert talk(Coss().begin(JOB, PDF), {"userId": "U1"}, {})[0].code == ANSWER
    with pytest.raises(InDoubt):
        talk(Coss().begin(JOB, PDF), {"userId": "U1"}, InDoubt("WB-3002", "no answer"))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"jobStatus": "WAIT"}, Pending()),
        ({"jobStatus": "refuse"}, Declined()),
        ({"jobStatus": "EXPIRE"}, Expired()),
        ({"jobStatus": "CANCEL"}, Cancelled()),
        ({"jobStatus": "FINISH", "composePdf": PDF, "cert": "MII"}, Returned(PDF, "MII")),
        ({"jobStatus": "FINISH"}, Failed(ANSWER, "getSignResult: finished without composePdf")),
        ({"jobStatus": "FINISH", "composePdf": "text"}, Failed(ANSWER, "getSignResult: finished without composePdf")),
        ({"jobStatus": "odd 甲\n"}, Failed(ANSWER, "getSignResult: unknown jobStatus ODD???", retry=True)),
        ({}, Failed(ANSWER, "getSignResult: unknown jobStatus none", retry=True)),
        ([], Failed(ANSWER, "getSignResult: the answer has no data")),
    ],
)
def test_poll_reads_the_status(answer: Any, outcome: object) -> None:
    found, asked = talk(Coss().poll(JOB), answer)
    assert found == outcome
    assert asked[0].arguments == {"fields": {"signDataId": "job-1"}}


def test_cancel() -> None:
    assert talk(Coss().cancel(JOB), {"jobStatus": "CANCEL"})[0] == Cancelled()
    assert talk(Coss().cancel(JOB), Refused("WB-3003", "status 409"))[0] == Failed("WB-3003", "status 409")


def test_what_it_can_do() -> None:
    can = Coss().capabilities
    assert can.asks_person
    assert can.cancels
    assert not can.finds
