"""The worklist through the API: pages, counts, masks, audit."""

from __future__ import annotations

from sqlalchemy import Connection

from tests.engine.ops import seed
from tests.web.api.world import World

SEARCH = "/api/v1/worklist/search"


def test_rows_go_out_with_their_audit(world: World) -> None:
    def rows(conn: Connection) -> str:
        seed.patient(conn)
        number, run_id = seed.run(conn, seed.labels(), status="Processed")
        seed.owner(conn, number)
        seed.wait(conn, number)
        return run_id

    run_id = world.write(rows)
    answer = world.sign_in().post(SEARCH, {"status": "Processed"}).json()
    row = answer["items"][0]
    assert (row["run_id"], row["name"], row["patient_id"]) == (run_id, seed.NAME, "P0000000000000000001")
    assert (row["folder"], row["can_sign"], row["exam"]) == ("p/o", True, "心理测试")
    assert row["since"] == "2026-09-21T14:13:20.000Z"
    assert answer["counts"] == {"Pending": 0, "Processing": 0, "Processed": 1, "Sent": 0}
    audit = world.audit()[-1]
    assert (audit["act"], audit["subject"], audit["user"]) == (
        "worklist.list",
        "Processed, 1 rows, runs 1 to 1",
        "demo",
    )
    assert audit["origin"] == "127.0.0.1"


def test_only_a_physician_can_sign(world: World) -> None:
    world.write(lambda conn: seed.wait(conn, seed.run(conn, status="Processed")[0]))
    answer = world.sign_in("OP").post(SEARCH, {"status": "Processed"}).json()
    assert answer["items"][0]["can_sign"] is False


def test_more_goes_on_where_the_page_ended(world: World) -> None:
    world.write(lambda conn: [seed.run(conn, seed.labels(order=str(number))) for number in range(5)])
    browser, seen, after = world.sign_in(), [], None
    for _ in range(3):
        answer = browser.post(SEARCH, {"status": "Pending", "limit": 2, "after": after}).json()
        seen += [row["order_id"] for row in answer["items"]]
        after = answer["next"]
    assert seen == ["4", "3", "2", "1", "0"]
    assert after is None
    assert browser.post(SEARCH, {"status": "Pending", "after": "../"}).status == 422


def test_no_row_goes_out_when_the_audit_cannot_be_written(world: World) -> None:
    world.write(lambda conn: seed.run(conn, seed.labels()))
    browser = world.sign_in()
    world.write(lambda conn: conn.exec_driver_sql("DROP TABLE audit"))
    answer = browser.post(SEARCH, {"status": "Pending"})
    assert answer.status == 503
    assert seed.NAME not in answer.body.decode()
