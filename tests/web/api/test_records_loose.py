"""Pages that are in no document are read one by one; the look is written once."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.web.api.records_world import Records
from tests.web.api.world import World

API = "/api/v1/patients"


@pytest.fixture(name="records")
def fixture_records(world: World) -> Records:
    return Records(world)


def test_a_physician_reads_them_one_by_one(world: World, records: Records) -> None:
    open_ = records.ids(records.pages(2, state="open"))
    closed = records.ids(records.pages(1))
    browser = world.sign_in("PH")
    url = f"{API}/{records.patient(records.one)}/in-work"
    found = browser.get(url).json()["pages"]
    assert [(one["n"], one["page"], one["checked"]) for one in found] == [
        (1, open_[0], False), (2, open_[1], False), (3, closed[0], True)
    ]  # fmt: skip
    for which, page in (("view", open_[0]), ("thumb", open_[1]), ("view", closed[0])):
        answer = browser.get(f"{url}/{page}/{which}?r={found[0]['r']}")
        assert answer.status == 200, answer.body
        assert Image.open(io.BytesIO(answer.body)).size == (120, 80)
    rows = [row for row in world.audit() if row["act"] == "record.loose"]
    assert [(row["patient"], row["subject"]) for row in rows] == [(records.one, "")]
    assert world.acts_audited() == ["record.loose"]
    assert world.sign_in("PH", login="other").get(f"{url}/{open_[0]}/view").status == 200
    assert [row["user"] for row in world.audit() if row["act"] == "record.loose"][-1] == "other"


def test_only_the_patients_own_and_only_while_in_work(world: World, records: Records) -> None:
    (mine,) = records.ids(records.pages(1, state="open"))
    (other,) = records.ids(records.pages(1, patient=records.two, state="open"))
    browser = world.sign_in("PH")
    url = f"{API}/{records.patient(records.one)}/in-work"
    assert browser.get(f"{url}/{other}/view").status == 404
    assert browser.get(f"{API}/NONE/in-work").status == 404
    assert browser.get(f"{API}/NONE/in-work/{mine}/view").status == 404
    world.write(lambda conn: conn.exec_driver_sql("UPDATE page SET state = 'dropped'"))
    assert browser.get(f"{url}/{mine}/view").status == 404
    assert browser.get(url).json()["pages"] == []
    # What was not shown is not written as seen: only the list was opened.
    assert world.acts_audited() == ["record.loose"]


def test_who_may_not(world: World, records: Records) -> None:
    (page,) = records.ids(records.pages(1, state="open"))
    url = f"{API}/{records.patient(records.one)}/in-work"
    for role in ("SC", "OP"):
        browser = world.sign_in(role, login=role.lower())
        assert browser.get(url).status == 403
        assert browser.get(f"{url}/{page}/view").status == 403
