"""Patients out of HL7 v2, through the demonstration's route `adt_patient`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThread

from engine.store.schema import message
from simulators import hl7
from tests.routes.site import ROOT, Site, order_id, running, uid

SAMPLES = ROOT / "tests/data/hl7"


def sample(name: str) -> tuple[str, bytes]:
    return "", (SAMPLES / name).read_bytes()


async def sent(site: Site, *contents: tuple[str, bytes]) -> list[str]:
    """What the neighbour is answered."""
    done = await deferToThread(hl7.send, site.daemon.channels["adt_in"].port, list(contents))
    return [one.code for one in done]


def adt_runs(site: Site) -> list[dict[str, Any]]:
    return [row for row in site.runs() if row["route"] == "adt_patient"]


async def test_a_patient_out_of_hl7_wakes_the_order_that_waits(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        order, number = order_id(), uid("P").upper()
        pushed = await site.push("order", order_id=order, patient=number, layout="b")
        assert pushed.ok, pushed
        await site.at(order, "Pending")
        content = sample("a04.hl7")[1].replace(b"0009000001", number.encode())
        assert await sent(site, ("", content)) == ["AA"]
        await site.at(order, "Processing")
        assert site.labels(site.run_of(order)["seq"])["name"] == "示例甲"
        (run,) = adt_runs(site)
        assert run["state"] == "done"
        assert site.labels(run["seq"]) == {"patient_id": number, "name": "示例甲"}


async def test_all_types_again_and_wrong(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        names = ["a04.hl7", "a08-gb18030.hl7", "a28.hl7", "a31.hl7"]
        assert await sent(site, *map(sample, names)) == ["AA"] * 4
        assert await sent(site, sample("a04.hl7")) == ["AA"]  # the same again
        changed = sample("a04.hl7")[1].replace("甲".encode(), "丁".encode())
        assert await sent(site, ("", changed), sample("a03.hl7"), ("", b"hello")) == ["AE", "AR", "AR"]
        await site.until(lambda: [run["state"] for run in adt_runs(site)] == ["done"] * 4)
        outcomes = [row["outcome"] for row in site.table(message) if row["connection"] == "adt_in"]
        assert outcomes == ["accepted"] * 4 + ["conflict", "rejected", "rejected"]
