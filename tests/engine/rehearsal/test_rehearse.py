"""Stored messages through an edited site: only what really is different shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.cli import _office
from engine.message import Refused
from tests.engine.rehearsal.hall import SHEET, SITE, Hall, order, places


async def test_the_same_text_is_the_same(tmp_path: Path):
    hall = Hall(tmp_path)
    await hall.play(order(1), order(2))
    result = await hall.rehearse()
    assert (result.looked_at, result.same, result.compared, result.groups) == (2, 2, 0, {})


async def test_one_field_of_the_stylesheet(tmp_path: Path):
    hall = Hall(tmp_path)
    runs = await hall.play(order(1), order(2, "李明"), order(3))
    hall.edit(
        ('<xsl:value-of select="body//name"/>', "<xsl:value-of select=\"translate(body//name, '李', '王')\"/>"),
        file="transforms/made.xsl",
    )
    result = await hall.rehearse()
    assert places(result) == ["orders out call peer send body/sent/name changed x1"]
    (group,) = result.sorted()
    assert group.ids == [runs[1]["message_id"]]
    assert [(one.before, one.after) for _, one in group.examples] == [("李明", "王明")]
    assert (result.compared, result.different, result.otherwise) == (3, 1, 0)


async def test_nothing_is_written_and_nothing_sent(tmp_path: Path):
    hall = Hall(tmp_path)
    await hall.play(order(1))
    before = _rows(hall)
    hall.edit(("$(made)", "$(body)"))
    assert places(await hall.rehearse())
    assert _rows(hall) == before


def _rows(hall: Hall) -> list[Any]:
    tables = ("message", "run", "value", "effect", "event", "label", "audit", "blob")
    return _office.read(
        hall.state, lambda conn: [conn.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() for name in tables]
    )


async def test_a_new_destination_and_one_that_is_gone(tmp_path: Path):
    hall = Hall(tmp_path)
    await hall.play(order(1), order(2))
    hall.edit(
        (
            "      - {id: kept",
            "      - {id: also, call: {to: other, operation: copy, body: $(made)}}\n      - {id: kept",
        )
    )
    result = await hall.rehearse()
    assert places(result) == ["orders also call other copy (all) added x2"]
    assert dict(result.assumed) == {"orders.also": 2}
    hall.edit(
        (
            "{id: out, status: Going, call: {to: peer, operation: send",
            "{id: out, status: Going, call: {to: other, operation: send",
        )
    )
    assert "orders out call other send to changed x2" in places(await hall.rehearse())


async def test_a_renamed_step_is_no_difference(tmp_path: Path):
    hall = Hall(tmp_path)
    await hall.play(order(1))
    hall.edit(("id: out,", "id: sent,"), ("$(out/said)", "$(sent/said)"))
    result = await hall.rehearse()
    assert places(result) == []
    assert not result.assumed


async def test_end_status_labels_and_reply(tmp_path: Path):
    hall = Hall(tmp_path)
    await hall.play(order(1), order(2, "stop me"))
    hall.edit(
        ("status: Gone", "status: Left"),
        (
            "      - {id: made",
            "      - {id: no, when: {path: //name, is: stop me}, stop: {reason: not wanted}}\n      - {id: made",
        ),
        ("labels: {answer: $(out/said)}", "labels: {answer: $(out/said|upper)}"),
    )
    found = places(await hall.rehearse())
    assert "orders label answer changed x1" in found
    assert "orders kept status status changed x1" in found
    assert "orders no end state changed x1" in found
    assert "orders out call peer send (all) removed x1" in found


async def test_a_refused_call_is_refused_again(tmp_path: Path):
    def no(request: Any) -> Any:
        raise Refused("WB-3003", "the peer says no")

    hall = Hall(tmp_path)
    (run,) = await hall.play(order(1), answer=no)
    assert run["state"] == "dead"
    hall.edit(
        ("body: $(made)}", "body: $(made)}, on_error: {refused: go:kept}"),
        ("values: {copy: $(out/said)}, labels: {answer: $(out/said)}", "labels: {answer: none}"),
    )
    found = places(await hall.rehearse())
    assert "orders kept end state changed x1" in found
    assert "orders label answer added x1" in found


PARTS = (
    SITE.replace("identity: [//id]", "identity: [//@no]")
    .replace("id: {path: //id}", "id: {path: //id, optional: true}")
    .replace("      - {id: made", "      - {id: each, split: {by: //item, identity: ['@n']}}\n      - {id: made")
)
ITEMS = "<order no='1'><item n='1'><id>1</id><name>a</name></item><item n='2' skip='yes'/></order>"


async def test_parts_are_paired_by_their_identity(tmp_path: Path):
    hall = Hall(tmp_path, PARTS, made__xsl=SHEET)
    runs = await hall.play(ITEMS, ITEMS.replace("no='1'", "no='2'").replace("n='2' ", "n='3' "))
    assert sorted(run["state"] for run in runs) == ["done", "done", "done", "done", "done", "filtered"]
    hall.edit(("//item,", "'//item[not(@skip)]',"))
    result = await hall.rehearse()
    # The second message's first part ended at its birth, as a repeat.
    assert places(result) == ["orders each part part removed x2", "orders out call peer send (all) removed x2"]
    assert result.otherwise == 0


async def test_another_identity_of_parts_is_one_difference(tmp_path: Path):
    hall = Hall(tmp_path, PARTS, made__xsl=SHEET)
    await hall.play(ITEMS)
    hall.edit(("identity: ['@n']", "identity: ['@n', '//@no']"))
    result = await hall.rehearse()
    assert places(result) == ["orders each part identity changed x1"]
    assert not result.assumed


CHANCE = "import random\ndef transform(values, settings):\n    return {'number': random.random(), 'word': 'WORD'}\n"


async def test_chance_is_no_difference(tmp_path: Path):
    text = SITE.replace("xslt: transforms/made.xsl", "plugin: transforms/made.py")
    hall = Hall(tmp_path, text, made__py=CHANCE)
    await hall.play(order(1))
    hall.edit(("WORD", "THING"), file="transforms/made.py")
    result = await hall.rehearse()
    assert places(result) == ["orders out call peer send body/word changed x1"]
    assert dict(result.chance) == {"orders.out call body/number": 1}


async def test_a_revision_that_is_not_kept_is_said(tmp_path: Path):
    hall = Hall(tmp_path)
    (run,) = await hall.play(order(1))
    (hall.state / "revisions" / run["revision"]).unlink()
    result = await hall.rehearse()
    assert dict(result.not_compared) == {
        f"revision {run['revision'][:12]} of orders is not kept or cannot be read": 1
    }  # fmt: skip


async def test_selection(tmp_path: Path):
    hall = Hall(tmp_path)
    await hall.play(order(1), order(2), order(3))
    hall.edit(("status: Gone", "status: Left"))
    assert (await hall.rehearse(limit=2)).compared == 2
    assert (await hall.rehearse(labels={"id": "2"})).compared == 1
    assert (await hall.rehearse(route="other")).looked_at == 0
    assert (await hall.rehearse(since=4_000_000_000_000)).looked_at == 0


async def test_a_planted_difference_among_500(tmp_path: Path):
    hall = Hall(tmp_path)
    bodies = [order(number, "Planted" if number == 333 else "") for number in range(500)]
    runs = await hall.play(*bodies)
    hall.edit(
        ('<xsl:value-of select="body//name"/>', "<xsl:value-of select=\"translate(body//name, 'P', 'p')\"/>"),
        file="transforms/made.xsl",
    )
    told: list[tuple[int, int]] = []
    result = await hall.rehearse(told=lambda done, most: told.append((done, most)))
    assert places(result) == ["orders out call peer send body/sent/name changed x1"]
    assert result.sorted()[0].ids == [runs[333]["message_id"]]
    assert (result.compared, result.different) == (500, 1)
    assert told[0] == (0, 500)
    assert told[-1] == (500, 500)
