"""The phone of a test speaks its provider's interface."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from engine.message import Blob, Refused, Request
from engine.testing.phone import Phone

SENT, SIGNED = Blob("a" * 64, 5), Blob("b" * 64, 6)


def ask(phone: Phone, operation: str, **fields: Any) -> Any:
    return phone.call(Request(operation, {"fields": fields}, "k", datetime.now(UTC)))


@pytest.mark.parametrize(
    ("answer", "signed", "expected"),
    [
        ("", None, {"jobStatus": "WAIT"}),
        ("accepted", SIGNED, {"jobStatus": "FINISH", "composePdf": SIGNED}),
        ("accepted", None, {"jobStatus": "FINISH", "composePdf": SENT}),
        ("refused", None, {"jobStatus": "REFUSE"}),
        ("expired", None, {"jobStatus": "EXPIRED"}),
    ],
)
def test_the_job_ends_as_the_physician_does(answer: str, signed: Blob | None, expected: Any):
    phone = Phone()
    assert ask(phone, "queryUserInfo", uniqueId="D1") == {"userId": "U-D1"}
    number = ask(phone, "addPdfSignJob", pdfFileStr=SENT)["signDataId"]
    phone.says(number, answer, signed)
    assert ask(phone, "getSignResult", signDataId=number) == expected


def test_a_cancelled_job_and_one_that_nobody_knows():
    phone = Phone()
    number = ask(phone, "addPdfSignJob", pdfFileStr=SENT)["signDataId"]
    assert ask(phone, "cancelSignJob", signDataId=number) == {}
    assert ask(phone, "getSignResult", signDataId=number) == {"jobStatus": "EXPIRED"}
    with pytest.raises(Refused):
        ask(phone, "getSignResult", signDataId="other")


def test_the_gate_says_what_the_test_says():
    phone = Phone()
    number = ask(phone, "addPdfSignJob", pdfFileStr=SENT)["signDataId"]
    phone.says(number, "accepted", None)
    assert phone.verdict(SENT.sha256, 5).accepted
    phone.says(number, "broken", None)
    broken = phone.verdict(SENT.sha256, 5)
    assert not broken.accepted
    assert broken.findings
