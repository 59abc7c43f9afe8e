"""What says who somebody is."""

from __future__ import annotations

import pytest

from engine.rehearsal.identity import kind_of, kind_of_label
from engine.rehearsal.leaves import Leaf


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("PATName", "name"), ("patient_name", "name"), ("RISRSubmitDocDesc", "name"), ("name", "name"),
        ("familyName", "name"), ("PATPatientID", "number"), ("PATIdentityNum", "number"), ("MRN", "number"),
        ("PAADMVisitNumber", "number"), ("OEORIOrderItemID", "number"), ("ClientID", "number"), ("PATDob", "birth"),
        ("birthDate", "birth"), ("PATTelephone", "phone"), ("mobile", "phone"), ("PATAddress", "address"),
        ("zipCode", "address"), ("email", "mail"), ("AppDeptDesc", None), ("RISRDesc", None), ("KyProjectName", None),
        ("hospitalName", None), ("ResultCode", None), ("MessageID", None), ("UpdateDate", None), ("Patient", None),
        ("PID-5.1", "name"), ("PID-3.1", "number"), ("PID-3.4", None), ("PID-7.1", "birth"), ("PID-11.1", "address"),
        ("PID-13.1", "phone"), ("PV1-7.2", "name"), ("OBX-5.1", None), ("MSH-10.1", None),
    ],
)  # fmt: skip
def test_by_its_place(word: str, kind: str | None):
    assert kind_of(Leaf("", word, "x")) == kind


def test_labels():
    assert kind_of_label("name", "李明") == "name"
    assert kind_of_label("who", "4711") == "number"
    assert kind_of_label("who", "Ann") == "name"
