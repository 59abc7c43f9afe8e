"""Groups of HL7 segments: nobody's results stand below somebody else's name."""

from __future__ import annotations

import pytest

from engine.message import Hl7
from engine.transform.segments import groups


def parts(text: str, name: str) -> list[str]:
    message = Hl7("".join(f"{line}\r" for line in text.split()).encode())
    return [data.decode().replace("\r", " ").strip() for data, _ in groups(message, name)]


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("MSH PID PV1 ORC|1 OBR|1 OBX|1 ORC|2 OBR|2 NTE|2", "OBR",
         ["MSH PID PV1 ORC|1 OBR|1 OBX|1", "MSH PID PV1 ORC|2 OBR|2 NTE|2"]),
        ("MSH PID|a OBR|1 OBX|1 PID|b PV1|b OBR|2 OBX|2", "OBR",
         ["MSH PID|a OBR|1 OBX|1", "MSH PID|b PV1|b OBR|2 OBX|2"]),
        ("MSH SFT PID|a OBX|1 OBX|2 NTE|2", "OBX", ["MSH SFT PID|a OBX|1", "MSH SFT PID|a OBX|2 NTE|2"]),
        ("MSH PID|a OBR|1 PID|b PV1|b", "PID", ["MSH PID|a OBR|1", "MSH PID|b PV1|b"]),
        ("MSH PID ORC|1 OBR|1 ORC|2 OBR|2", "ORC", ["MSH PID ORC|1 OBR|1", "MSH PID ORC|2 OBR|2"]),
        ("MSH PID PV1", "OBR", []),
    ],
)  # fmt: skip
def test_groups(text: str, name: str, found: list[str]) -> None:
    assert parts(text, name) == found


def test_the_group_alone_is_told_too() -> None:
    message = Hl7(b"MSH\rPID|a\rOBR|1\rOBX|1\r")
    assert [group for _, group in groups(message, "OBR")] == [b"OBR|1\rOBX|1\r"]
