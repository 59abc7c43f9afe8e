"""The simulator's envelopes."""

from __future__ import annotations

import pytest

from simulators.his_soap import NotUnderstood, read_call, read_result, write_answer, write_call, write_fault

BUSINESS = "<Request><Header><MessageID>7</MessageID></Header><Body><Thing>a &lt; b</Thing></Body></Request>"


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("envelope", ["hip", "operation"])
def test_a_call_is_read_as_it_was_written(version: str, envelope: str) -> None:
    call = read_call(write_call(version, envelope, "Thing", "MES1", BUSINESS))
    assert (call.version, call.name, call.text("MessageID"), call.text("Thing")) == (version, "Thing", "7", "a < b")
    assert (call.operation, call.code) == (("HIPMessageServer", "MES1") if envelope == "hip" else ("Thing", ""))
    assert read_result(write_answer(call, "-1", "no <reason>")) == ("-1", "no <reason>")


def test_a_declaration_inside_and_child_elements() -> None:
    declared = '<?xml version="1.0" encoding="GBK"?>' + BUSINESS
    assert read_call(write_call("1.1", "hip", "", "M", declared)).name == "Thing"
    escaped = write_call("1.1", "hip", "", "M", "@").replace(b"@", BUSINESS.encode())
    plain = escaped.replace(b'xmlns="http://www.dhcc.com.cn"', b"")
    assert read_call(plain).name == "Thing"


@pytest.mark.parametrize(
    "body", [b"", b"text", b"<a/>", b"<!DOCTYPE a><a/>", write_call("1.1", "hip", "", "M", "not xml")]
)
def test_what_is_no_call(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read_call(body)


def test_faults_and_nonsense_as_answers() -> None:
    assert read_result(write_fault("because")) == ("fault", "because")
    assert read_result(b"<html>")[0] == ""
