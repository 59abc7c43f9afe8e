"""People are found, changed, let in again and signed out; nobody takes his own way in away."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert

from engine.message import Refused
from engine.ops import people, users
from engine.store.database import Store
from engine.store.schema import sign_job
from tests.engine.ops import seed

BY: dict[str, Any] = {"by": "ada", "origin": "10.0.0.9", "at": seed.NOW}


def person(store: Store, login: str, *roles: str, **more: Any) -> None:
    said = {"login": login, "name": login.title(), "roles": roles or ("OP",), **more}
    store.write_now(lambda conn: users.add(conn, **said))


def logins(store: Store, **asked: Any) -> list[str]:
    wanted = people.Asked(**asked)
    return [row["login"] for row in store.read_now(lambda conn: people.search(conn, wanted, seed.NOW))]


def change(store: Store, login: str, **said: Any) -> None:
    store.write_now(lambda conn: people.change(conn, login, said, **BY))


def row(store: Store, login: str) -> dict[str, Any]:
    return store.read_now(lambda conn: people.one(conn, login, seed.NOW))


def audit(store: Store) -> list[tuple[str, str, str, str]]:
    sql = "SELECT user, act, subject, origin FROM audit WHERE user != '' ORDER BY seq"
    return store.read_now(lambda conn: [tuple(one) for one in conn.exec_driver_sql(sql)])


def refused(store: Store, login: str, **said: Any) -> str:
    with pytest.raises(Refused) as caught:
        change(store, login, **said)
    return caught.value.code


def test_found_by_part_role_and_state(store: Store) -> None:
    person(store, "ada", "AD", department="Office")
    person(store, "bo", "PH", "OP", staff_number="D77")
    person(store, "cy_1", "SC")
    store.write_now(lambda conn: users.disable(conn, "bo"))
    assert logins(store) == ["ada", "cy_1"]
    assert logins(store, state="disabled") == ["bo"]
    assert logins(store, state=None) == ["ada", "bo", "cy_1"]
    assert logins(store, state=None, role="OP") == ["bo"]
    assert logins(store, state=None, text="d7") == ["bo"]
    assert logins(store, text="OFF") == ["ada"]
    assert logins(store, text="_") == ["cy_1"], "no wildcard"
    assert logins(store, state=None, limit=1) == ["ada", "bo"], "one more, to know that there is one"
    assert logins(store, state=None, after="ada") == ["bo", "cy_1"]
    assert store.read_now(people.counts) == {"active": 2, "disabled": 1}


def test_what_is_said_is_changed_and_recorded(store: Store) -> None:
    person(store, "ada", "AD")
    person(store, "bo", "OP", staff_number="D1")
    change(store, "bo", name=" Bo B. ", roles=["CL", "SC", "CL"], department="Archive", staff_number="")
    found = row(store, "bo")
    assert (found["name"], found["roles"], found["department"]) == ("Bo B.", ["CL", "SC"], "Archive")
    assert found["staff_number"] is None
    change(store, "bo", name="Bo B.")
    expected = ("ada", "user.change", "bo: department, name, roles, staff_number CL,SC", "10.0.0.9")
    assert audit(store) == [expected], "nothing changed the second time"
    assert refused(store, "bo", roles=["XX"]) == users.BAD_USER
    assert refused(store, "bo", name=" ") == users.BAD_USER
    assert refused(store, "nobody", name="X") == users.NO_USER


def test_a_number_belongs_to_one_and_stays_with_who_has_signed(store: Store) -> None:
    person(store, "bo", "PH", staff_number="D1", certificate_id="C1")
    person(store, "cy", "PH", staff_number="D2")
    assert refused(store, "cy", staff_number="D1") == users.BAD_USER
    change(store, "cy", staff_number="D3")

    def signed(conn: Connection) -> None:
        row = {"run": 1, "generation": 1, "key": "k", "provider": "p", "state": "signed", "owner": 1, "sent": "0" * 64}
        conn.execute(insert(sign_job).values(**row, findings=[], created_at=seed.NOW))

    store.write_now(signed)
    assert refused(store, "bo", staff_number="D9") == people.HAS_SIGNED
    assert refused(store, "bo", certificate_id="") == people.HAS_SIGNED
    change(store, "bo", department="Surgery", staff_number="D1")


def test_nobody_takes_his_own_way_in_away(store: Store) -> None:
    person(store, "ada", "AD", "OP")
    assert refused(store, "ada", roles=["OP"]) == people.OWN
    change(store, "ada", roles=["AD"])
    with pytest.raises(Refused) as caught:
        store.write_now(lambda conn: people.disable(conn, "ada", by="ada", origin=""))
    assert caught.value.code == people.OWN


def test_disabled_and_let_in_again(store: Store) -> None:
    person(store, "bo")
    with pytest.raises(Refused):
        store.write_now(lambda conn: people.enable(conn, "bo", **BY))
    store.write_now(lambda conn: people.disable(conn, "bo", by="ada", origin=""))
    store.write_now(lambda conn: people.enable(conn, "bo", **BY))
    assert row(store, "bo")["disabled_at"] is None
    store.write_now(lambda conn: users.link(conn, "bo"))
    assert [one[1] for one in audit(store)] == ["user.disable", "user.enable"]


def test_signed_out_everywhere(store: Store) -> None:
    person(store, "bo")

    def sessions(conn: Connection) -> None:
        for token in ("t1", "t2"):
            values = f"('{token}', 1, 'c', {seed.NOW}, {seed.NOW}, {seed.NOW + 1})"
            conn.exec_driver_sql(f"INSERT INTO session VALUES {values}")

    store.write_now(sessions)
    assert row(store, "bo")["sessions"] == 2
    assert store.write_now(lambda conn: people.sign_out(conn, "bo", **BY)) == 2
    assert row(store, "bo")["sessions"] == 0
    assert row(store, "bo")["disabled_at"] is None
