"""Patients: found by number or name; their orders, documents, messages."""

from __future__ import annotations

from sqlalchemy import Connection

from engine.ops import read_patients
from engine.store.database import Store
from engine.store.schema import patient
from engine.store.schema_records import patient_number
from tests.engine.ops import seed


def test_search_by_the_beginning_of_number_or_name(store: Store) -> None:
    def rows(conn: Connection) -> None:
        seed.patient(conn)
        seed.patient(conn, "77", "示例乙", "P2")
        seed.patient(conn, "78", "Ana", "P3")

    store.write_now(rows)

    def found(text: str) -> list[str]:
        return [row.id for row in store.read_now(lambda conn: read_patients.search(conn, text, None, 50)).items]

    assert found("示例") == ["P2", "P0000000000000000001"]
    assert found("7") == ["P3", "P2"]
    assert found("xx") == []
    page = store.read_now(lambda conn: read_patients.search(conn, "7", None, 1))
    assert store.read_now(lambda conn: read_patients.search(conn, "7", page.next, 1)).items[0].id == "P2"


def test_nothing_of_a_patient_is_in_a_repr(store: Store) -> None:
    store.write_now(seed.patient)
    row = store.read_now(lambda conn: read_patients.by_public_id(conn, "P0000000000000000001"))
    assert row is not None
    assert row.birth_date == "1988-04-12"
    assert seed.NAME not in repr(row)
    assert seed.NUMBER not in repr(row)
    assert store.read_now(lambda conn: read_patients.by_public_id(conn, "P9")) is None


def test_orders_messages_documents(store: Store) -> None:
    def rows(conn: Connection) -> None:
        key = seed.patient(conn)
        message = seed.message(conn)
        parent, _ = seed.run(conn, seed.labels("parent"), children=1, message_id=message)
        leaf, _ = seed.run(conn, seed.labels("leaf"), message_id=message, parent=parent)
        seed.run(conn, seed.labels("other", number="9"), message_id=seed.message(conn))
        seed.document(conn, key, "0" * 64, run=leaf)
        seed.document(conn, key, "0" * 64, "WITHDRAWN", state="withdrawn")

    store.write_now(rows)
    orders = store.read_now(lambda conn: read_patients.orders(conn, seed.NUMBER, None, 50))
    assert [row.order_id for row in orders.items] == ["leaf"]
    messages = store.read_now(lambda conn: read_patients.messages(conn, seed.NUMBER, None, 1))
    assert messages.next is not None
    assert messages.items[0].operation == "AddRisAppBillRt"
    documents = store.read_now(lambda conn: read_patients.documents(conn, 1, None, 50))
    assert [(one.url, one.kind) for one in documents.items] == [("/d/ABCDEFGHIJKLMNOP", "ANS report")]


def test_a_merged_patient_leads_to_the_other_with_the_runs_of_both(store: Store) -> None:
    def rows(conn: Connection) -> None:
        seed.patient(conn)
        old = seed.patient(conn, "77", "示例乙", "P2")
        conn.execute(patient.update().where(patient.c.id == old).values(merged_into=1))
        conn.execute(patient_number.insert().values(number="77", patient=1, was=old, at=1))
        for number, order in ((seed.NUMBER, "new"), ("77", "old"), ("9", "other")):
            seed.run(conn, seed.labels(order, number=number), message_id=seed.message(conn))

    store.write_now(rows)
    row = store.read_now(lambda conn: read_patients.by_public_id(conn, "P2"))
    assert row is not None
    assert row.number == seed.NUMBER
    orders = store.read_now(lambda conn: read_patients.orders(conn, row.number, None, 50))
    assert [one.order_id for one in orders.items] == ["old", "new"]
    assert store.read_now(lambda conn: read_patients.search(conn, "77", None, 50)).items == []
