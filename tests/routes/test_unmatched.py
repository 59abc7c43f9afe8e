"""What does not fit by itself: files, refusals, signatures that are none, and a HIS that says no or nothing."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine.message import Refused
from engine.ops import files, read_attention, read_sign, runs, signing, users
from engine.store.schema import event
from engine.store.schema import users as table
from simulators.report import report_bytes
from tests.routes.site import Site, order_id, running, uid


async def listed(site: Site, name: str, state: str) -> dict[str, Any]:
    """The file's entry in the book once it has this state."""
    await site.until(lambda: [row["state"] for row in site.files(name)] == [state])
    return site.files(name)[0]


def shown(site: Site, name: str) -> list[str]:
    """States under which the screen lists files of this name."""
    return [row.state for row in site.read(read_attention.unmatched) if row.path.endswith(name)]


# --- files


async def test_a_half_written_report_is_never_taken(site: Site) -> None:
    order = order_id()
    run = await site.order(order)
    data, name = report_bytes(order, "invented", "ANS"), f"{uid()}.pdf"
    target = site.folder(order) / name
    for size in (0, len(data) // 2, len(data) - 7):  # the last one lacks only a part of its end mark
        target.write_bytes(data[:size])
        await listed(site, name, "incomplete")
        # Its bytes were looked at at this size, and left alone.
        await site.until(lambda size=size: site.files(name)[0]["size"] == size)  # type: ignore[misc]
        assert site.run_of(order)["state"] == "waiting"
        assert target.exists()
    assert shown(site, name) == ["incomplete"]
    target.write_bytes(data)
    await site.at(order, "Processed")
    assert [row["state"] for row in site.files(name)] == ["taken"]
    assert site.run_of(order)["seq"] == run["seq"]


@pytest.mark.parametrize("where", ["patient", "root"])
async def test_a_foreign_report_is_listed_and_a_person_gives_it_to_an_order(site: Site, where: str) -> None:
    order, name = order_id(), f"{uid()}.pdf"
    await site.order(order)
    place = site.folder(order).parent if where == "patient" else site.peers.folders
    (place / name).write_bytes(report_bytes(order, "scanned by hand", "ANS"))
    entry = await listed(site, name, "unmatched")
    assert shown(site, name) == ["unmatched"]
    assert [row["kind"] for row in site.open_attention() if row["file"] == entry["id"]] == ["unmatched"]
    assert site.run_of(order)["status"] == "Processing"
    offered = site.read(lambda conn: files.candidates(conn, entry["id"]))
    if where == "patient":
        assert offered[0]["run_id"] == site.run_of(order)["id"]
        assert offered[0]["why"] == "the same patient's folder"
    await site.write(lambda conn: files.choose(conn, entry["id"], site.run_of(order)["id"], "desk"))
    await site.at(order, "Processed")
    await site.until(lambda: (place / ".done" / name).exists() and not (place / name).exists())
    assert not [row for row in site.open_attention() if row["file"] == entry["id"]]
    assert shown(site, name) == []
    report = site.read(lambda conn: read_sign.report(conn, site.run_of(order)["id"], site.doctor))
    assert [match.text for match in report.matches if match.rule == "folder"] == ["desk gave the report to this order."]


async def test_a_foreign_report_is_discarded_with_a_reason(site: Site) -> None:
    order, name = order_id(), f"{uid()}.pdf"
    await site.order(order)
    place = site.folder(order).parent
    (place / name).write_bytes(report_bytes("someone else", "invented", "ANS"))
    entry = await listed(site, name, "unmatched")
    with pytest.raises(Refused, match="WB-7307"):
        await site.write(lambda conn: files.discard(conn, entry["id"], " ", "desk"))
    await site.write(lambda conn: files.discard(conn, entry["id"], "a test page", "desk"))
    await site.until(lambda: (place / ".done" / name).exists())
    assert [row["state"] for row in site.files(name)] == ["discarded"]
    assert site.run_of(order)["status"] == "Processing"
    with pytest.raises(Refused):
        await site.write(lambda conn: files.choose(conn, entry["id"], site.run_of(order)["id"], "desk"))


async def test_what_is_no_pdf_is_not_taken(site: Site) -> None:
    order, name = order_id(), f"{uid()}.pdf"
    await site.order(order)
    (site.folder(order) / name).write_bytes(b"MZ this is a program\n%%EOF")
    await listed(site, name, "incomplete")
    assert site.run_of(order)["status"] == "Processing"


async def test_a_late_report_is_listed_and_not_taken(site: Site) -> None:
    order, name = order_id(), f"{uid()}.pdf"
    await site.processed(order)
    document = site.value(site.run_of(order)["seq"], "report")
    site.report(order, name, text="second measurement")
    entry = await listed(site, name, "late")
    assert entry["run"] == site.run_of(order)["seq"]
    assert shown(site, name) == ["late"]
    assert site.value(site.run_of(order)["seq"], "report") == document
    with pytest.raises(Refused, match="WB-7305"):
        await site.write(lambda conn: files.choose(conn, entry["id"], site.run_of(order)["id"], "desk"))
    await site.signed(order)
    await site.sent(order)
    assert shown(site, name) == ["late"]


async def test_two_reports_at_once_wait_for_a_person(site: Site) -> None:
    """One of two is taken by itself; the other is listed and cannot slip in."""
    order, names = order_id(), [f"{uid()}.pdf", f"{uid()}.pdf"]
    await site.order(order)
    for name in names:
        site.report(order, name, text=name)
    await site.at(order, "Processed")
    await site.until(lambda: sorted(site.files(name)[0]["state"] for name in names) == ["late", "taken"])


# --- the physician says no


async def refuse(site: Site, order: str, where: str) -> None:
    run = site.run_of(order)
    if where == "phone":
        await site.phone(await site.sign(order), "refuse")
    else:
        with pytest.raises(Refused, match="WB-4063"):
            await site.write(lambda conn: signing.refuse(conn, run["id"], site.doctor, " "))
        await site.write(lambda conn: signing.refuse(conn, run["id"], site.doctor, "the wrong patient's curve"))
    await site.at(order, "Processing")


@pytest.mark.parametrize("where", ["phone", "page"])
async def test_refused_goes_back_to_the_device(site: Site, where: str) -> None:
    """The old report is not taken again, nor one that was late before; a new one is."""
    order, late = order_id(), f"{uid()}.pdf"
    await site.processed(order)
    old = site.value(site.run_of(order)["seq"], "report")
    site.report(order, late, text="late before the refusal")
    await listed(site, late, "late")
    await refuse(site, order, where)
    run = site.run_of(order)
    assert (run["step"], run["generation"]) == ("report", 1)
    assert not site.has_value(run["seq"], "report")
    done = site.folder(order) / ".done" / "ANS.pdf"
    assert done.exists()
    assert not (site.folder(order) / "ANS.pdf").exists()
    site.daemon.channels["device_dir"].poke()
    await site.until(lambda: site.events(run["seq"]).count("jumped") == 1)
    new = site.report(order, "new.pdf", text="measured again")
    await site.at(order, "Processed")
    assert [row["state"] for row in site.files(late)] == ["late"]
    assert site.value(run["seq"], "report") != old
    await site.signed(order)
    await site.sent(order)
    assert site.peers.received_pdf(order).startswith(new)
    assert len(site.peers.documents(order)) == 1


async def test_the_screen_says_who_refused_and_why(site: Site) -> None:
    order = order_id()
    await site.processed(order)
    await refuse(site, order, "page")
    run = site.run_of(order)
    texts = [row["text"] for row in site.table(event, run=run["seq"]) if row["kind"] in ("refused", "jumped")]
    assert texts == ["the wrong patient's curve", "refused by doctor: the wrong patient's curve"]


# --- what the CA returns


@pytest.mark.limit(60)
async def test_what_is_not_our_report_with_one_valid_signature_is_quarantined(site: Site) -> None:
    order = order_id()
    run = await site.processed(order)
    modes = ["wrong-user", "other-pdf", "rewrite", "untrusted", "truncated", "unsigned", "two-signatures", "garbage"]
    for count, mode in enumerate(modes, 1):
        await site.phone(await site.sign(order), hostile=mode)
        await site.until(lambda count=count: [job["state"] for job in site.jobs(run["seq"])]  # type: ignore[misc]
                         == ["quarantined"] * count)  # fmt: skip
        await site.at(order, "Processed")
        assert len(site.open_attention(run["seq"], "quarantine")) == count, mode
        assert not site.peers.documents(order), mode
    for job in site.jobs(run["seq"]):
        assert job["findings"], job
        assert job["returned"]  # kept as evidence
    await site.signed(order)  # the physician may sign again
    await site.sent(order)
    assert len(site.peers.accepted(order)) == 1


async def test_only_who_may_sign_signs(site: Site) -> None:
    """The job's owner is who asked; a user whom the CA knows under another number gets no signature."""
    order = order_id()
    run = await site.processed(order)
    technician = await site.write(lambda conn: users.add(conn, uid("t"), "invented", ["OP"], uid("t"), uid("t")))
    stranger = await site.write(lambda conn: users.add(conn, uid("s"), "invented", ["PH"], uid("s"), uid("s")))
    for user in (technician, stranger):
        await site.sign(order, user)
        await site.at(order, "Processed")
    assert [job["state"] for job in site.jobs(run["seq"])] == ["failed", "failed"]
    job = await site.sign(order, site.doctor)
    with pytest.raises(Refused, match="WB-4040"):
        await site.write(lambda conn: signing.cancel(conn, run["id"], site.other_doctor))
    await site.write(lambda conn: conn.execute(table.update().where(table.c.id == stranger).values(disabled_at=1)))
    await site.phone(job)
    await site.sent(order)
    assert len(site.peers.accepted(order)) == 1


# --- the HIS


async def test_the_his_refuses_and_then_accepts(site: Site) -> None:
    order = order_id()
    await site.processed(order)
    site.peers.fails(2)
    await site.signed(order)
    run = await site.sent(order)
    tried = site.peers.documents(order)
    assert [call["accepted"] for call in tried] == [False, False, True]
    assert len({(call["message_id"], call["document_id"]) for call in tried}) == 1
    (entry,) = site.effects(run["seq"], "send_back")
    assert (entry["state"], entry["attempts"]) == ("done", 3)


async def test_the_his_refuses_until_we_give_up_and_a_person_tries_again(tmp_path: Path) -> None:
    remote = "max: 300ms, jitter: 20%, give_up: "
    async with running(tmp_path, {f"{remote}24h": f"{remote}1s"}) as site:
        order = order_id()
        await site.processed(order)
        site.peers.fails(1000)
        await site.signed(order)
        await site.until(lambda: site.run_of(order)["state"] == "dead")
        run = site.run_of(order)
        assert (run["code"], run["step"], run["status"]) == ("WB-2007", "send_back", "Processed")
        assert run["reason"].startswith("his_out answered RegisterDocumentRt, but not as expected (after ")
        (entry,) = site.open_attention(run["seq"])
        assert (entry["kind"], entry["step"], entry["reason"]) == ("dead", "send_back", run["reason"])
        site.peers.fails(0)
        await site.write(lambda conn: runs.retry(conn, run["id"], "operator", "the HIS is back"))
        await site.sent(order)
        assert not site.open_attention(run["seq"])
        assert len(site.peers.accepted(order)) == 1
        assert len({call["document_id"] for call in site.peers.documents(order)}) == 1


@pytest.mark.limit(60)
async def test_the_his_does_not_answer_and_a_person_says_what_became_of_it(tmp_path: Path) -> None:
    async with running(tmp_path, {"envelope: hip, timeout: 20s": "envelope: hip, timeout: 1500ms"}) as site:
        orders = {answer: order_id() for answer in ("arrived", "again", "ask")}
        for order in orders.values():
            await site.processed(order)
            site.peers.hangs(1)
            await site.signed(order)
            await in_doubt(site, order)
            with pytest.raises(Refused, match="WB-7301"):
                await site.write(partial(runs.retry, run_id=site.run_of(order)["id"], user="operator"))
        for answer, order in orders.items():
            told = {"run_id": site.run_of(order)["id"], "answer": answer, "user": "operator", "note": ""}
            await site.write(partial(runs.answer_doubt, **told))
        await site.sent(orders["arrived"])
        assert len(site.peers.documents(orders["arrived"])) == 1
        await site.sent(orders["again"])
        again = site.peers.documents(orders["again"])
        assert len(again) == 2
        assert len({(call["message_id"], call["document_id"]) for call in again}) == 1
        # This HIS cannot be asked: the doubt stays, with one more entry, and nothing was sent.
        await site.until(lambda: site.run_of(orders["ask"])["state"] == "held")
        run = await in_doubt(site, orders["ask"])
        assert "cannot be asked" in run["reason"]
        assert len(site.peers.documents(orders["ask"])) == 1
        await site.write(lambda conn: runs.answer_doubt(conn, run["id"], "arrived", "operator", "seen at the HIS"))
        await site.sent(orders["ask"])
        assert len(site.peers.documents(orders["ask"])) == 1


async def in_doubt(site: Site, order: str) -> dict[str, Any]:
    await site.until(lambda: site.run_of(order)["state"] == "held")
    run = site.run_of(order)
    assert (run["status"], run["step"]) == ("Processed", "send_back")
    assert run["reason"].startswith("in doubt: ")
    (entry,) = site.open_attention(run["seq"])
    assert entry["kind"] == "doubt"
    return run
