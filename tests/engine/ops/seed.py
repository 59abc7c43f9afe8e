"""Rows for tests of questions: a patient, orders in several states, a file, a report that waits for its signature."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Connection, insert

from engine.message import Blob, new_id
from engine.store import schema

NOW = 1_790_000_000_000
NAME = "示例甲"
NUMBER = "0009000001"


def message(conn: Connection, **changes: Any) -> str:
    row: dict[str, Any] = {
        "id": new_id(),
        "connection": "his_in",
        "operation": "AddRisAppBillRt",
        "route": "exam_report",
        "received_at": NOW,
        "outcome": "accepted",
        "code": "",
        "reason": "",
        "content_type": "application/xml",
        "size": 40,
        "body": f"<Request><PATName>{NAME}</PATName></Request>".encode(),
        "meta": {},
        "reply": b"",
        "repeats": 0,
    } | changes
    conn.execute(insert(schema.message).values(row))
    return str(row["id"])


def run(conn: Connection, labels: dict[str, str] | None = None, **changes: Any) -> tuple[int, str]:
    """A run with its labels (`name` is a patient's data); its number and its id."""
    row: dict[str, Any] = {
        "id": new_id(),
        "message_id": "",
        "children": 0,
        "open_children": 0,
        "route": "exam_report",
        "revision": "r1",
        "state": "waiting",
        "status": "Pending",
        "step": "patient",
        "generation": 0,
        "attempts": 0,
        "starts": 0,
        "waits_for": "",
        "code": "",
        "reason": "",
        "blocked": "",
        "since": NOW,
        "created_at": NOW,
    } | changes
    key = conn.execute(insert(schema.run).values(row)).inserted_primary_key
    assert key is not None
    for name, text in (labels or {}).items():
        phi = int(name == "name")
        conn.execute(insert(schema.label).values(run=key[0], name=name, value=text, phi=phi))
    return int(key[0]), str(row["id"])


def labels(order: str = "175||3125", name: str = NAME, number: str = NUMBER) -> dict[str, str]:
    return {"order_id": order, "patient_id": number, "name": name, "exam": "心理测试"}


def patient(conn: Connection, number: str = NUMBER, name: str = NAME, public_id: str = "P0000000000000000001") -> int:
    row = {
        "public_id": public_id,
        "number": number,
        "name": name,
        "birth_date": "1988-04-12",
        "sex": "F",
        "details": {"telephone": "00000000000"},
        "created_at": NOW,
        "updated_at": NOW,
    }
    key = conn.execute(insert(schema.patient).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def user(conn: Connection, login: str = "demo", roles: tuple[str, ...] = ("OP", "PH"), **changes: Any) -> int:
    row = {
        "login": login,
        "name": login.title(),
        "roles": list(roles),
        "department": "",
        "language": "en",
        "created_at": NOW,
    } | changes
    key = conn.execute(insert(schema.users).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def value(conn: Connection, run_: int, name: str, kind: str, data: bytes | Blob) -> None:
    """As `engine.runtime.values` keeps it."""
    if isinstance(data, Blob):
        data = json.dumps([data.sha256, data.size, data.content_type, data.name]).encode()
    conn.execute(insert(schema.value).values(run=run_, name=name, kind=kind, data=data, at=NOW))


def blob(conn: Connection, kept: Blob) -> None:
    row = {"sha256": kept.sha256, "size": kept.size, "content_type": kept.content_type, "name": kept.name, "at": NOW}
    conn.execute(insert(schema.blob).values(row))


def file(conn: Connection, **changes: Any) -> int:
    row: dict[str, Any] = {
        "connection": "device_dir",
        "path": "p/o/report.pdf",
        "size": 10,
        "mtime_ns": 1,
        "inode": 1,
        "state": "unmatched",
        "reason": "no order waits in this folder",
        "first_seen": NOW,
        "changed_at": NOW,
        "moved": 0,
        "decided_by": "",
    } | changes
    key = conn.execute(insert(schema.file).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def effect(conn: Connection, run_: int, **changes: Any) -> None:
    row: dict[str, Any] = {
        "key": hashlib.sha256(new_id().encode()).hexdigest(),
        "root": run_,
        "run": run_,
        "step": "send_back",
        "connection": "his_out",
        "operation": "RegisterDocumentRt",
        "generation": 0,
        "state": "done",
        "attempts": 1,
        "at": NOW,
        "settled_at": NOW,
        "code": "",
        "reason": "",
    } | changes
    conn.execute(insert(schema.effect).values(row))


def attention(conn: Connection, **changes: Any) -> int:
    row: dict[str, Any] = {
        "kind": "dead",
        "route": "exam_report",
        "step": "send_back",
        "code": "WB-3003",
        "reason": "the peer refused",
        "created_at": NOW,
        "acknowledged_by": "",
        "closed_by": "",
        "answer": "",
        "note": "",
    } | changes
    key = conn.execute(insert(schema.attention).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def event(conn: Connection, **changes: Any) -> None:
    row: dict[str, Any] = {"at": NOW, "kind": "moved", "step": "", "code": "", "text": "", "user": ""} | changes
    conn.execute(insert(schema.event).values(row))


def wait(conn: Connection, run_: int, **changes: Any) -> None:
    row: dict[str, Any] = {"run": run_, "kind": "sign", "step": "signed", "armed_at": NOW} | changes
    conn.execute(insert(schema.wait).values(row))


def owner(conn: Connection, run_: int, path: str = "p/o") -> None:
    conn.execute(insert(schema.folder_owner).values(connection="device_dir", path=path, run=run_, at=NOW))


def job(conn: Connection, run_: int, owner_: int, sent: str, **changes: Any) -> int:
    row: dict[str, Any] = {
        "run": run_,
        "generation": 1,
        "key": new_id(),
        "provider": "ca",
        "state": "waiting",
        "owner": owner_,
        "sent": sent,
        "reference": "",
        "findings": [],
        "reason": "",
        "created_at": NOW,
    } | changes
    key = conn.execute(insert(schema.sign_job).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def document(conn: Connection, patient_: int, sha256: str, public_id: str = "ABCDEFGHIJKLMNOP", **changes: Any) -> None:
    row: dict[str, Any] = {
        "public_id": public_id,
        "patient": patient_,
        "kind": "ANS report",
        "title": "",
        "blob": sha256,
        "created_at": NOW,
    } | changes
    conn.execute(insert(schema.document).values(row))
