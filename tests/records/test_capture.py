"""Pages come into their batch: once, in order, none lost or mixed; and a batch stops rather than guess."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Row, create_engine, select

from engine.message import Blob
from engine.store.schema import blob, metadata
from engine.store.schema_records import batch, draft, page, reading, scan_file
from records import batches, capture, codes, files, ledger, sorting
from records.capture import Joined, Piece
from tests.records import seed

AT = 1_000
BATCH = "ABCDEFGH"


def scan(conn: Connection, key: str = "k", station: str = "desk-1", **more: Any) -> int:
    taken = Blob(seed.fake(key), 9, "application/pdf", f"{key}.pdf")
    return int(files.add(conn, key=key, station=station, name=f"{key}.pdf", blob=taken, meta={}, at=AT, **more)["id"])


def piece(number: int, *texts: str, sheet: bool = False, word: str = "", **more: Any) -> Piece:
    found = [{"format": "qr", "kind": codes.kind_of(text), "text": text, "box": [0, 0, 1, 1]} for text in texts]
    master = Blob(seed.fake(f"master {word} {number}"), 9, "image/png")
    return Piece(number, master, 1240, 1754, 300, codes=found, sheet=sheet, thumb=master, view=master, **more)


def header(number: int, documents: int = 0, sheets: int = 0, name: str = BATCH) -> Piece:
    return piece(number, codes.header(name, documents, sheets), sheet=True)


def separator(number: int, sequence: int, name: str = BATCH) -> Piece:
    return piece(number, codes.separator(name, sequence), sheet=True)


def join(conn: Connection, file: int, *pieces: Piece, total: int = 0, bad: tuple[Any, ...] = ()) -> Joined:
    joined = capture.join(conn, file, total or len(pieces) + len(bad), pieces, bad, AT + 1)
    assert joined is not None
    return joined


def pages(conn: Connection, **where: Any) -> list[Row[Any]]:
    query = select(page).order_by(page.c.batch, page.c.position, page.c.id)
    for name, value in where.items():
        query = query.where(page.c[name] == value)
    return list(conn.execute(query))


def the(conn: Connection, public_id: str) -> Row[Any]:
    return conn.execute(select(batch).where(batch.c.public_id == public_id)).one()


def file_of(conn: Connection, key: int) -> Row[Any]:
    return conn.execute(select(scan_file).where(scan_file.c.id == key)).one()


def test_a_file_without_sheets_opens_a_batch_of_its_station(conn: Connection) -> None:
    file = scan(conn)
    joined = join(conn, file, piece(1), piece(2, skew=1.5, flags=("skewed",), look="0" * 16, rotate=90))
    mine = the(conn, joined.batch)
    assert (mine.state, mine.station, mine.operator, joined.done, joined.stopped) == (
        "open",
        "desk-1",
        None,
        True,
        False,
    )
    first, second = pages(conn)
    assert [first.public_id, second.public_id] == joined.pages
    assert (first.number, second.number, first.position < second.position) == (1, 2, True)
    assert (second.skew, second.flags, second.recipe, second.look) == (1.5, ["skewed"], {"rotate": 90}, "0" * 16)
    assert (first.master, first.thumb, first.view) == (seed.fake("master  1"),) * 3
    row = file_of(conn, file)
    assert (row.state, row.pages, row.taken, row.batch) == ("joined", 2, 2, mine.id)
    assert sorted(conn.execute(select(reading.c.page)).scalars()) == [first.id, second.id]
    assert seed.fake("master  1") in conn.execute(select(blob.c.sha256)).scalars().all()


def test_pages_that_are_there_are_not_joined_again(conn: Connection) -> None:
    file = scan(conn)
    join(conn, file, piece(1), piece(2), total=4)
    again = join(conn, file, piece(1), piece(2), piece(3), total=4)
    assert (len(again.pages), again.done) == (1, False)
    assert join(conn, file, piece(4), total=4).done
    assert [row.number for row in pages(conn)] == [1, 2, 3, 4]
    assert capture.join(conn, file, 4, [piece(4)], [], AT) is None


def test_the_next_file_of_a_station_joins_its_newest_batch(conn: Connection) -> None:
    seed.batch(conn, state="closed")
    mine = seed.batch(conn)
    seed.batch(conn, station="desk-2")
    seed.batch(conn, state="cancelled")
    join(conn, scan(conn, "a"), piece(1))
    join(conn, scan(conn, "b"), piece(1))
    assert [row.batch for row in pages(conn)] == [mine, mine]


def test_a_stopped_batch_takes_pages_and_stays_stopped(conn: Connection) -> None:
    mine = seed.batch(conn, state="stopped", code="WB-8040", reason="gap")
    joined = join(conn, scan(conn), piece(1))
    row = conn.execute(select(batch).where(batch.c.id == mine)).one()
    assert (joined.stopped, row.state, row.reason) == (True, "stopped", "gap")


def test_a_header_names_the_batch(conn: Connection) -> None:
    wanted = seed.batch(conn, header=BATCH, station="elsewhere")
    seed.batch(conn)
    joined = join(conn, scan(conn), header(1, 1, 3), separator(2, 1), piece(3))
    row = the(conn, joined.batch)
    assert (row.id, row.documents, row.sheets, row.state) == (wanted, 1, 3, "open")
    assert [one.state for one in pages(conn)] == ["header", "separator", "kept"]
    assert conn.execute(select(reading.c.page)).scalars().all() == [pages(conn)[2].id]


def test_what_a_person_said_goes_before_the_header(conn: Connection) -> None:
    seed.batch(conn, header=BATCH, sheets=9, documents=5)
    joined = join(conn, scan(conn), header(1, 1, 3))
    assert (the(conn, joined.batch).sheets, the(conn, joined.batch).documents) == (9, 5)


@pytest.mark.parametrize("state", ["closed", "filed", "cancelled", None])
def test_a_header_of_no_open_batch_stops_a_new_one(conn: Connection, state: str | None) -> None:
    old = seed.batch(conn, header=BATCH, state=state) if state else None
    joined = join(conn, scan(conn), header(1), piece(2))
    row = the(conn, joined.batch)
    assert (row.id != old, row.state, row.code) == (True, "stopped", capture.ELSEWHERE)
    assert len(pages(conn, batch=row.id)) == 2


def test_an_upload_for_a_batch_goes_there(conn: Connection) -> None:
    wanted = seed.batch(conn, station="desk-9")
    (public,) = seed.public(conn, batch, wanted)
    seed.batch(conn)
    join(conn, scan(conn, batch=public), piece(1))
    assert [row.batch for row in pages(conn)] == [wanted]


def test_a_header_in_the_middle_is_not_split_silently(conn: Connection) -> None:
    seed.batch(conn, header=BATCH)
    joined = join(conn, scan(conn), header(1), piece(2), header(3, name="ZZZZZZZZ"), piece(4))
    row = the(conn, joined.batch)
    assert (row.state, row.code) == ("stopped", sorting.MIXED)
    assert {one.batch for one in pages(conn)} == {row.id}


def test_separators_make_documents_over_files_and_pieces(conn: Connection) -> None:
    mine = seed.batch(conn, header=BATCH)
    first = scan(conn, "a")
    join(conn, first, header(1), piece(2), separator(3, 1), total=5)
    join(conn, first, piece(4), piece(5), total=5)
    join(conn, scan(conn, "b"), piece(1), separator(2, 2), piece(3))
    rows = pages(conn)
    assert len({row.draft for row in rows if row.draft}) == 2
    one, two = conn.execute(select(draft.c.id).order_by(draft.c.position)).scalars()
    assert [row.draft for row in rows] == [None, None, None, one, one, one, None, two]
    assert conn.execute(select(batch.c.state).where(batch.c.id == mine)).scalar_one() == "open"


def test_pages_do_not_join_a_filed_document(conn: Connection) -> None:
    mine = seed.batch(conn)
    seed.draft(conn, mine, seed.pages(conn, mine, 2), state="filed")
    join(conn, scan(conn), piece(1))
    assert pages(conn)[-1].draft is None


@pytest.mark.parametrize(
    ("sheets", "code"),
    [
        ([separator(2, 2)], sorting.GAP),
        ([separator(2, 1), separator(3, 3)], sorting.GAP),
        ([separator(2, 1, "ZZZZZZZZ")], sorting.MIXED),
        ([piece(2, sheet=True)], sorting.UNREADABLE),
        ([piece(2, "WBS-ABCDEFGH-0001-?", sheet=False)], sorting.BAD),
        ([piece(2, codes.label("1"), codes.label("2"))], sorting.TWO),
    ],
)
def test_a_batch_stops_and_keeps_its_pages(conn: Connection, sheets: list[Piece], code: str) -> None:
    seed.batch(conn, header=BATCH)
    joined = join(conn, scan(conn), header(1), *sheets, piece(9))
    row = the(conn, joined.batch)
    assert (joined.stopped, row.state, row.code) == (True, "stopped", code)
    assert row.reason
    assert len(pages(conn)) == 2 + len(sheets)
    assert "stopped" in ledger.of(conn, row.id).why


def test_a_gap_stops_over_files_too(conn: Connection) -> None:
    seed.batch(conn, header=BATCH)
    join(conn, scan(conn, "a"), header(1), separator(2, 1))
    joined = join(conn, scan(conn, "b"), piece(1), separator(2, 3))
    assert the(conn, joined.batch).code == sorting.GAP


def test_loose_separators_count_over_files(conn: Connection) -> None:
    seed.batch(conn, header=BATCH)
    join(conn, scan(conn, "a"), header(1), separator(2, 1), piece(3), separator(4, 0, codes.LOOSE))
    joined = join(conn, scan(conn, "b"), piece(1), separator(2, 3))
    assert the(conn, joined.batch).state == "open"
    assert len(set(conn.execute(select(draft.c.id)).scalars())) == 2


def test_loose_separators_divide_a_batch_without_a_header(conn: Connection) -> None:
    joined = join(conn, scan(conn), separator(1, 0, codes.LOOSE), piece(2), separator(3, 0, codes.LOOSE), piece(4))
    assert (joined.stopped, len({row.draft for row in pages(conn) if row.draft})) == (False, 2)


def test_after_a_person_looked_the_sequence_goes_on_from_there(conn: Connection) -> None:
    mine = seed.batch(conn, header=BATCH)
    join(conn, scan(conn, "a"), header(1), separator(2, 2))
    person = seed.user(conn)
    batches.resolve(conn, mine, by=person, at=AT, note="sheet 1 was lost")
    joined = join(conn, scan(conn, "b"), separator(1, 3))
    assert the(conn, joined.batch).state == "open"


@pytest.mark.parametrize(
    ("documents", "separators", "stopped"), [(2, 2, False), (2, 1, True), (2, 3, True), (0, 3, False)]
)
def test_separators_are_counted_against_the_header(
    conn: Connection, documents: int, separators: int, stopped: bool
) -> None:
    seed.batch(conn, header=BATCH)
    sheets = [separator(number + 1, number) for number in range(1, separators + 1)]
    rest = [piece(number) for number in range(separators + 2, 9)]
    joined = join(conn, scan(conn), header(1, documents, 8), *sheets, *rest)
    assert joined.stopped is stopped
    assert the(conn, joined.batch).code == (sorting.COUNT if stopped else "")


def test_fewer_separators_are_no_fault_while_sheets_are_to_come(conn: Connection) -> None:
    seed.batch(conn, header=BATCH)
    assert not join(conn, scan(conn, "a"), header(1, 2, 5), separator(2, 1), piece(3)).stopped
    assert join(conn, scan(conn, "b"), piece(1), piece(2)).stopped


def test_a_label_suggests_whose_the_pages_are(conn: Connection) -> None:
    one = seed.patient(conn, "0001")
    seed.batch(conn, header=BATCH)
    join(conn, scan(conn, "a"), piece(1), piece(2, codes.label("0001"), sheet=True), piece(3))
    join(conn, scan(conn, "b"), piece(1), separator(2, 1), piece(3), piece(4, codes.label("9999")), piece(5))
    rows = pages(conn)
    assert [row.patient for row in rows] == [None, one, one, one, None, None, None, None]
    assert [row.assigned_how for row in rows] == ["", "label", "label", "label", "", "", "", ""]
    assert rows[6].flags == ["unknown"]
    assert {row.assigned_by for row in rows} == {None}


def test_pages_after_one_that_a_person_assigned_are_nobodys(conn: Connection) -> None:
    mine = seed.batch(conn)
    seed.pages(conn, mine, 1, patient=seed.patient(conn), assigned_how="typed")
    join(conn, scan(conn), piece(1))
    assert pages(conn)[-1].patient is None


def test_unreadable_pages_stop_the_batch_and_the_others_are_kept(conn: Connection) -> None:
    file = scan(conn)
    join(conn, file, piece(1), total=4)
    joined = join(conn, file, piece(2), piece(4), total=4, bad=((3, "WB-8021", "cut off"),))
    row, mine = file_of(conn, file), the(conn, joined.batch)
    assert (joined.done, joined.stopped, mine.code) == (True, True, capture.PARTLY)
    assert (row.state, row.code, row.pages, row.taken) == ("failed", capture.PARTLY, 4, 3)
    assert "page 3: cut off" in row.reason
    assert ledger.of(conn, mine.id).failed_files == 1


def test_a_page_that_is_readable_later_comes_to_its_place(conn: Connection) -> None:
    file = scan(conn)
    join(conn, file, piece(1), piece(3), total=3, bad=((2, "WB-8021", "cut off"),))
    join(conn, scan(conn, "b"), piece(1))
    files.retry(conn, file)
    assert files.missing(conn, file_of(conn, file)) == [2]
    joined = join(conn, file, piece(2), total=3)
    assert joined.done
    assert file_of(conn, file).state == "joined"
    assert [(row.file == file, row.number) for row in pages(conn)] == [(True, 1), (True, 2), (True, 3), (False, 1)]


def test_pages_go_where_a_person_wants_them(conn: Connection) -> None:
    mine = seed.batch(conn)
    first, second = seed.pages(conn, mine, 2)
    conn.execute(page.update().where(page.c.id == second).values(flags=["insert"]))
    join(conn, scan(conn), piece(1), piece(2))
    rows = pages(conn)
    assert [rows[0].id, rows[3].id] == [first, second]


def test_a_station_says_how_it_scans(conn: Connection) -> None:
    seed.desk(conn, "desk-1", options={"sides": "both"})
    assert the(conn, join(conn, scan(conn), piece(1)).batch).sides == "both"


class Model:
    """Files of stations, taken in any order and in any pieces."""

    def __init__(self, conn: Connection, plan: list[tuple[int, int]]) -> None:
        self.conn = conn
        self.files = [
            (scan(conn, f"f{n}", f"desk-{desk}"), f"desk-{desk}", count) for n, (desk, count) in enumerate(plan)
        ]
        self.taken: defaultdict[int, int] = defaultdict(int)

    def step(self, station: str, most: int, again: bool) -> None:
        """The next pages of a station's oldest file; a crash may do the last ones again."""
        for file, desk, count in self.files:
            if desk == station and self.taken[file] < count:
                first = max(1, self.taken[file] + 1 - again)
                last = min(count, self.taken[file] + most)
                join(self.conn, file, *(piece(n, word=str(file)) for n in range(first, last + 1)), total=count)
                self.taken[file] = last
                return


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 2), st.integers(1, 5)), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(1, 2), st.integers(1, 3), st.booleans()), max_size=20),
)
def test_two_stations_in_any_order_lose_double_and_mix_nothing(
    plan: list[tuple[int, int]], steps: list[tuple[int, int, bool]]
) -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as conn:
        model = Model(conn, plan)
        for desk, most, again in [*steps, *[(desk, 5, False) for desk in (1, 2) for _ in plan]]:
            model.step(f"desk-{desk}", most, again)
        rows = conn.execute(
            select(page.c.file, page.c.number, page.c.master, batch.c.station)
            .join(batch, batch.c.id == page.c.batch)
            .order_by(page.c.batch, page.c.position)
        ).all()
        for code in ("desk-1", "desk-2"):
            wanted = [(file, n) for file, station, count in model.files if station == code for n in range(1, count + 1)]
            assert [(row.file, row.number) for row in rows if row.station == code] == wanted
        assert all(row.master == seed.fake(f"master {row.file} {row.number}") for row in rows)
        assert set(conn.execute(select(scan_file.c.state)).scalars()) == {"joined"}
    engine.dispose()
