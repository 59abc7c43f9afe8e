"""HL7 v2 messages into the groups of one segment, each with the header and its own patient.

A group is the segment with what follows it, up to the next of its name or the next patient; an `ORC` directly before
an order's segment belongs to it. Before the first group stand the header (`MSH` ...) and, from `PID` on, the patient's
segments; a later `PID` begins another patient, so that nobody's results stand below somebody else's name.
"""

from __future__ import annotations

from engine.message import Hl7

PATIENT = "PID"
COMMON_ORDER = "ORC"


def groups(message: Hl7, name: str) -> list[tuple[bytes, bytes]]:
    """For each group: the whole message of it, and the bytes of the group alone."""
    header: list[bytes] = []
    patient: list[bytes] = []
    found: list[tuple[list[bytes], list[bytes]]] = []
    current: list[bytes] | None = None
    wanted, begins = name.encode(), PATIENT.encode()
    lines = [line for line in message.data.split(b"\r") if line]
    for index, line in enumerate(lines):
        kind = line[:3]
        if kind == begins and name != PATIENT:
            patient, current = [line], None
        elif _begins(lines, index, wanted):
            current = [line]
            found.append((header + patient, current))
        elif current is not None:
            current.append(line)
        elif patient:
            patient.append(line)
        else:
            header.append(line)
    return [(_joined(around + group), _joined(group)) for around, group in found]


def _begins(lines: list[bytes], index: int, wanted: bytes) -> bool:
    """Whether a group begins here: at its segment, or at the ORC directly before it."""
    order = COMMON_ORDER.encode()
    if lines[index][:3] == wanted:
        return wanted == order or index == 0 or lines[index - 1][:3] != order
    return lines[index][:3] == order and index + 1 < len(lines) and lines[index + 1][:3] == wanted


def _joined(lines: list[bytes]) -> bytes:
    return b"\r".join(lines) + b"\r"
