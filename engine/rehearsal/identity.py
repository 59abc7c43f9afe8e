"""Which texts of a message say who somebody is: by the route's labels, by HL7 field, by the usual names of elements."""

from __future__ import annotations

import re
from typing import Literal

from engine.rehearsal.leaves import Leaf

Kind = Literal["name", "number", "birth", "phone", "address", "mail"]

_PLACES: dict[str, Kind] = {}
"""HL7 fields, and components where the field holds more than that (HL7 2.5.1 chapters 3, 4 and 6)."""


def _fields(kind: Kind, *places: str) -> None:
    _PLACES.update(dict.fromkeys(places, kind))


_fields("name", *(f"{at}.{n}" for at in ("PID-5", "PID-6", "PID-9", "NK1-2", "NK1-30", "NK1-26", "GT1-3", "GT1-4",
                  "IN1-7", "IN1-16", "MRG-7", "PD1-4") for n in (1, 2, 3)))  # fmt: skip
_fields("number", *(f"{at}.1" for at in ("PID-2", "PID-3", "PID-4", "PID-18", "PID-19", "PID-20", "PID-21", "NK1-33",
                    "NK1-37", "PV1-5", "PV1-19", "PV1-50", "GT1-2", "GT1-19", "IN1-2", "IN1-36", "IN1-49", "MRG-1",
                    "MRG-2", "MRG-3", "MRG-4", "MRG-5", "MRG-6", "ORC-2", "ORC-3", "ORC-4", "OBR-2", "OBR-3",
                    "OBR-18", "OBR-19")))  # fmt: skip
_fields("birth", "PID-7.1", "PID-29.1", "NK1-16.1", "GT1-8.1", "IN1-18.1")
_fields("address", *(f"{at}.{n}" for at in ("PID-11", "NK1-4", "NK1-32", "GT1-5", "IN1-5", "IN1-19") for n in (1, 2, 3,
                     5)), "PID-23.1")  # fmt: skip
_fields("phone", *(f"{at}.{n}" for at in ("PID-13", "PID-14", "PID-40", "NK1-5", "NK1-6", "NK1-31", "GT1-6", "GT1-7",
                   "IN1-7", "ORC-14", "OBR-17") for n in (1, 6, 7, 12)))  # fmt: skip
_fields("mail", *(f"{at}.4" for at in ("PID-13", "PID-14", "NK1-5", "NK1-6", "NK1-31", "GT1-6", "GT1-7")))
_STAFF = ("PV1-7", "PV1-8", "PV1-9", "PV1-17", "PV1-52", "ORC-10", "ORC-11", "ORC-12", "ORC-19", "OBR-10", "OBR-16",
          "OBR-28", "OBR-32", "OBR-33", "OBR-34", "OBX-16", "EVN-5", "TXA-5", "TXA-9", "TXA-10", "TXA-11")  # fmt: skip
_fields("number", *(f"{at}.1" for at in _STAFF))
_fields("name", *(f"{at}.{n}" for at in _STAFF for n in (2, 3, 4)))
# A telephone where an older message has a name: the last word counts.
_fields("name", "IN1-16.1")

_NO_NAME = re.compile(
    r"(?i)(dept|department|ward|project|file|hospital|org|country|nation|item|order|exam|test|drug|product|system|"
    r"app|host|class|type|event|table|column|step|route|service|method|device|province|city|space|code|display)"
)
_RULES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("mail", re.compile(r"(?i)e?mail")),
    ("birth", re.compile(r"(?i)(dob$|dob_|birth_?(date|day)|dateofbirth|^birth)")),
    ("phone", re.compile(r"(?i)(phone|mobile|(^|_)tel($|_|e|n)|telnum|telno|Tel[A-Z]|fax)")),
    ("address", re.compile(r"(?i)(addr(ess)?|street|zip|postcode|postal)")),
    ("name", re.compile(r"(?i)((doc|doctor|user|nurse|physician|operator|author|staff|signer).*(desc|name)$)")),
    ("number", re.compile(
        r"(?i)(pat(ient)?_?(id|no|num|number|code)$|mrn$|ssn$|id_?card|identity_?(num|no|number|card)|document_?(no|num)|"
        r"health_?card|card_?(no|num|id)|visit_?(num|number|no|id)|adm_?(no|id)|account|insur.*(no|num|id)|"
        r"record_?(no|num)|in_?patient_?(no|id)|out_?patient_?(no|id)|mother_?id|exam_?id|app_?num|"
        r"(doc|doctor|user|staff|nurse|physician).*(code|id|number|no)$|order_?(item)?_?id|accession|episode_?no|"
        r"client_?id)"
    )),
)  # fmt: skip


def kind_of(leaf: Leaf) -> Kind | None:
    """What a text is by its place; None when its place says nothing."""
    if "-" in leaf.word and leaf.word[:3].isupper():
        return _PLACES.get(leaf.word)
    for kind, pattern in _RULES:
        if pattern.search(leaf.word):
            return kind
    if re.search(r"(?i)name$", leaf.word) and not _NO_NAME.search(leaf.word):
        return "name"
    return None


def kind_of_label(name: str, text: str) -> Kind:
    """Of a label with a patient's data."""
    known = kind_of(Leaf("", name, text))
    if known is not None:
        return known
    return "number" if any(one.isdigit() for one in text) else "name"
