"""Merges of patients (HL7 A40) over a real socket, into the demonstration's own routes and store."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from twisted.internet.threads import deferToThread

from engine.store.schema import audit, document
from engine.store.schema_records import act, page, patient_number
from records import patients
from simulators import hl7
from tests.records import seed
from tests.routes.site import ROOT, Site, running

A40 = (ROOT / "tests/data/hl7/a40.hl7").read_bytes()


def a40(control_id: str, survivor: str, retired: str, name: str = "示例^丙") -> tuple[str, bytes]:
    """The sample with other numbers, and without a PID-5 when there is no name."""
    numbers = {b"0009000002": survivor, b"0009000001": retired}
    content = re.sub(b"000900000[12]", lambda match: numbers[match.group()].encode(), A40)
    return control_id, content.replace(b"M40-1", control_id.encode()).replace("示例^丙".encode(), name.encode())


def a04(number: str, control_id: str) -> tuple[str, bytes]:
    content = (ROOT / "tests/data/hl7/a04.hl7").read_bytes().replace(b"SAMPLE-A04", control_id.encode())
    return control_id, content.replace(b"0009000001", number.encode())


async def sent(site: Site, *contents: tuple[str, bytes]) -> list[str]:
    done = await deferToThread(hl7.send, site.daemon.channels["adt_in"].port, list(contents))
    return [one.code for one in done]


async def find(site: Site, number: str) -> dict[str, Any]:
    found: dict[str, Any] | None = await site.daemon.store.read(lambda conn: patients.find(conn, number))
    return found or {}


def states(site: Site) -> list[str]:
    """Of the merges: the children only."""
    return [row["state"] for row in site.runs() if row["route"] == "adt_merge" and not row["children"]]


async def test_a_merge_moves_all_and_the_old_link_leads_on(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        assert await sent(site, a04("0009000001", "R1"), a04("0009000002", "R2")) == ["AA", "AA"]
        await site.until(lambda: len([row for row in site.runs() if row["state"] == "done"]) == 2)
        old, last = (await find(site, "0009000001"))["id"], (await find(site, "0009000002"))["id"]
        values = {"public_id": "OLDLINK", "patient": old, "kind": "x", "blob": seed.fake("d"), "created_at": 1}

        def papers(conn: Any) -> None:
            seed.desk(conn)
            seed.pages(conn, seed.batch(conn), 3, patient=old)
            conn.execute(insert(document).values(values))

        await site.write(papers)
        assert await sent(site, a40("M1", "0009000002", "0009000001")) == ["AA"]
        await site.until(lambda: states(site) == ["done"])
        # The same message, and the same merge in another one, change nothing.
        assert (
            await sent(site, a40("M1", "0009000002", "0009000001"), a40("M2", "0009000002", "0009000001")) == ["AA"] * 2
        )
        await site.until(lambda: states(site) == ["done", "done"])
        assert (await find(site, "0009000001"))["number"] == "0009000002"
        assert {row["patient"] for row in site.table(page)} == {last}
        (filed,) = site.table(document)
        assert (filed["public_id"], filed["patient"]) == ("OLDLINK", last)
        assert len(site.table(act)) == 1
        merged = [row["patient"] for row in site.table(audit) if row["act"] == "patient.merge"]
        assert merged == [last, old]


async def test_chains_and_circles_in_any_order(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        assert await sent(site, *(a04(f"000900000{n}", f"R{n}") for n in range(1, 5))) == ["AA"] * 4
        pairs = [("3", "2"), ("2", "1"), ("4", "3"), ("1", "4")]
        made = [a40(f"M{n}", f"000900000{into}", f"000900000{old}") for n, (into, old) in enumerate(pairs)]
        assert await sent(site, *made) == ["AA"] * 4
        await site.until(lambda: states(site) == ["done"] * 4)
        numbers = {(await find(site, f"000900000{n}"))["number"] for n in range(1, 5)}
        assert len(numbers) == 1
        assert len(site.table(patient_number)) == 3


async def test_a_merge_before_its_patients(tmp_path: Path) -> None:
    async with running(tmp_path, {"every: 1m, until: 72h, on_timeout": "every: 100ms, until: 72h, on_timeout"}) as site:
        assert await sent(site, a40("M1", "0009000002", "0009000001", "")) == ["AA"]
        await site.until(lambda: states(site) == ["waiting"])
        assert await sent(site, a04("0009000002", "R2")) == ["AA"]
        await site.until(lambda: states(site) == ["done"])
        assert await sent(site, a04("0009000001", "R1")) == ["AA"]
        await site.until(lambda: all(row["state"] == "done" for row in site.runs() if not row["children"]))
        assert (await find(site, "0009000001"))["number"] == "0009000002"


async def test_what_is_no_merge_is_visible(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        content = A40.split(b"MRG")[0]
        assert await sent(site, ("", content), a40("M2", "0009000001", "0009000001")) == ["AA", "AA"]
        await site.until(lambda: len(site.open_attention()) == 2)
        reasons = [row["reason"] for row in site.runs() if row["state"] == "dead"]
        assert any("both numbers of the merge are the same" in reason for reason in reasons)
        assert not any("示例" in reason for reason in reasons)


async def test_the_simulator_sends_patients_and_their_merge(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        made = [hl7.message("ADT^A04", 1), hl7.message("ADT^A04", 2), hl7.message("ADT^A40", 2)]
        assert await sent(site, *made) == ["AA"] * 3
        await site.until(lambda: states(site) == ["done"])
        assert (await find(site, "00900001"))["number"] == "00900002"
