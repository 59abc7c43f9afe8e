"""PEOPLE through the API: added, changed, disabled, and led in by a link that is told once."""

from __future__ import annotations

from typing import Any

from tests.records import seed
from tests.web.api.world import Browser, World

BO = {"login": "bo", "name": "Bo Example", "roles": ["SC"], "department": "Archive"}


def found(browser: Browser, **asked: Any) -> list[str]:
    return [row["login"] for row in browser.post("/api/v1/users/search", asked).json()["items"]]


def test_a_person_is_added_led_in_changed_and_kept_out(world: World) -> None:
    admin = world.sign_in("AD", login="ada")
    made = admin.post("/api/v1/users", BO).json()
    assert (made["login"], made["roles"], made["seen_at"], made["me"]) == ("bo", ["SC"], None, False)
    link = admin.post("/api/v1/users/bo/link").json()
    assert link["path"].startswith("/login#")
    bo = Browser(world.app)
    token = {"token": link["path"].split("#")[1]}
    assert bo.post("/api/v1/session/link", token).status == 204
    assert Browser(world.app).post("/api/v1/session/link", token).status == 401, "once"
    assert bo.get("/api/v1/session").json()["nav"] == ["today", "unmatched", "scan", "problems", "tomorrow"]
    changed = admin.send("PATCH", "/api/v1/users/bo", {"roles": ["AU"], "department": ""}).json()
    assert (changed["roles"], changed["department"], changed["sessions"]) == (["AU"], "", 1)
    assert changed["seen_at"] is not None
    assert "scan" not in bo.get("/api/v1/session").json()["nav"], "it counts from the next request"
    assert admin.post("/api/v1/users/bo/disable").json()["disabled_at"] is not None
    assert bo.get("/api/v1/session").status == 401
    assert admin.post("/api/v1/users/bo/link").code == "WB-7030"
    assert admin.post("/api/v1/users/bo/enable").json()["disabled_at"] is None
    assert world.acts_audited() == ["user.add", "user.link", "user.change", "user.disable", "user.enable"]
    last = world.audit()[-1]
    assert (last["user"], last["subject"], last["origin"]) == ("ada", "bo", "127.0.0.1")
    assert token["token"] not in str(world.audit())


def test_found_page_by_page(world: World) -> None:
    admin = world.sign_in("AD", login="ada")
    for number in range(3):
        admin.post("/api/v1/users", BO | {"login": f"bo{number}", "staff_number": f"D{number}"})
    admin.post("/api/v1/users/bo1/disable")
    first = admin.post("/api/v1/users/search", {"limit": 2}).json()
    assert ([row["login"] for row in first["items"]], first["next"]) == (["ada", "bo0"], "bo0")
    assert first["counts"] == {"active": 3, "disabled": 1}
    assert first["items"][0]["me"] is True
    assert found(admin, limit=2, after=first["next"]) == ["bo2"]
    assert found(admin, state="disabled") == ["bo1"]
    assert found(admin, text="d2", state="all") == ["bo2"]
    assert found(admin, role="AD", state="all") == ["ada"]


def test_disabling_hands_the_batches_over(world: World) -> None:
    admin = world.sign_in("AD", login="ada")
    admin.post("/api/v1/users", BO)
    world.write(lambda conn: seed.batch(conn, locked_by=2, locked_at=seed.NOW))
    admin.post("/api/v1/users/bo/disable")
    assert world.rows("SELECT locked_by FROM batch") == [{"locked_by": None}]


def test_what_is_refused(world: World) -> None:
    admin = world.sign_in("AD", login="ada")
    assert admin.post("/api/v1/users", BO | {"login": "Bo Bo"}).code == "WB-7031"
    assert admin.post("/api/v1/users", BO | {"login": "ada"}).code == "WB-7031"
    assert admin.post("/api/v1/users", BO | {"roles": []}).status == 422
    assert admin.post("/api/v1/users", BO | {"roles": ["ROOT"]}).status == 422
    assert admin.post("/api/v1/users/ada/disable").code == "WB-7032"
    assert admin.send("PATCH", "/api/v1/users/ada", {"roles": ["OP"]}).code == "WB-7032"
    assert admin.send("PATCH", "/api/v1/users/nobody", {"name": "X"}).code == "WB-7030"


def test_a_person_is_signed_out_everywhere(world: World) -> None:
    admin, bo = world.sign_in("AD", login="ada"), world.sign_in("OP", login="bo")
    assert admin.post("/api/v1/users/bo/sign-out").json()["sessions"] == 0
    assert bo.get("/api/v1/session").status == 401
    assert world.acts_audited() == ["user.sign_out"]
