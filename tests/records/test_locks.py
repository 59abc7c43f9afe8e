"""One person at a time."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, Row, select

from engine.message import Refused
from engine.store.schema_records import act, batch
from records import locks
from tests.records import seed

AT = seed.NOW


def row(conn: Connection) -> Row[tuple[object, ...]]:
    return conn.execute(select(batch)).one()


def test_a_free_one_is_taken_and_kept(conn: Connection) -> None:
    ana, eva = seed.user(conn, "ana"), seed.user(conn, "eva")
    one = seed.batch(conn)
    locks.claim(conn, one, by=ana, at=AT)
    assert (row(conn).operator, locks.holder(row(conn), AT + 1)) == (ana, ana)
    with pytest.raises(Refused) as refused:
        locks.claim(conn, one, by=eva, at=AT + locks.LIFE - 1)
    assert refused.value.code == locks.LOCKED
    locks.claim(conn, one, by=ana, at=AT + locks.LIFE - 1)  # renewed
    with pytest.raises(Refused):
        locks.claim(conn, one, by=eva, at=AT + locks.LIFE)
    # Fifteen minutes after the last act it is free.
    locks.claim(conn, one, by=eva, at=AT + 2 * locks.LIFE)
    assert (row(conn).operator, row(conn).locked_by) == (ana, eva)


def test_it_is_given_back_by_who_has_it(conn: Connection) -> None:
    ana, eva = seed.user(conn, "ana"), seed.user(conn, "eva")
    one = seed.batch(conn)
    locks.claim(conn, one, by=ana, at=AT)
    locks.release(conn, one, by=eva)
    assert locks.holder(row(conn), AT) == ana
    locks.release(conn, one, by=ana)
    assert locks.holder(row(conn), AT) is None


def test_a_take_over_is_written_down(conn: Connection) -> None:
    ana, eva = seed.user(conn, "ana"), seed.user(conn, "eva")
    one = seed.batch(conn)
    locks.claim(conn, one, by=ana, at=AT)
    locks.take_over(conn, one, by=eva, at=AT + 1, note="she went home")
    assert locks.holder(row(conn), AT + 1) == eva
    done = conn.execute(select(act)).one()
    assert (done.kind, done.by, done.note) == ("take_over", eva, "she went home")
    with pytest.raises(Refused):
        locks.claim(conn, one, by=ana, at=AT + 2)
