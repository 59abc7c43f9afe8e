"""The demonstration's whole flow, really processed: rehearsed after an edit, and made into a test of its route."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor as _reactor

from engine.cli import _office
from engine.registry import Registry
from engine.rehearsal import making
from engine.rehearsal.groups import Rehearsal
from engine.rehearsal.record import Selection
from engine.rehearsal.rehearse import Plan, rehearse
from engine.site.load import load_site
from engine.testing import reading, report, runner
from tests.routes.site import order_id, running

reactor: Any = _reactor
NAME = "甄别实"


async def rehearsed(site: Path, new: Path) -> Rehearsal:
    registry = Registry()
    plan = Plan(load_site(new, registry), registry, site / "var", Selection(), partial(_office.read, site / "var"))
    return await rehearse(reactor, plan)


@pytest.mark.limit(120)
async def test_a_signed_report(tmp_path: Path):
    order = order_id()
    async with running(tmp_path) as site:
        await site.processed(order, name=NAME)
        await site.signed(order)
        run = await site.sent(order)
        folder = tmp_path

    registry = Registry()
    new = tmp_path.parent / f"{tmp_path.name}-new"
    shutil.copytree(folder, new, ignore=shutil.ignore_patterns("var"))
    path = new / "transforms" / "his" / "order.xsl"
    path.write_text(path.read_text("utf-8") + "<!-- nothing else -->", "utf-8")
    same = await rehearsed(folder, new)
    assert (same.groups, same.compared, same.otherwise, dict(same.not_compared)) == ({}, 1, 0, {})
    routes = new / "routes.yaml"
    routes.write_text(routes.read_text("utf-8").replace("kind: ANS report", "kind: report"), "utf-8")
    other = await rehearsed(folder, new)
    assert ("exam_report", "keep", "call", "records file_document", "kind", "changed") in other.groups

    found = _office.read(folder / "var", lambda conn: making.find(conn, run["id"]))
    assert found is not None
    stored, labels = _office.read(folder / "var", lambda conn: making.load(conn, found.seq, folder / "var"))
    made = making.make(load_site(folder, registry), stored, labels, name="signed", as_test=True)
    written = b"".join(made.files.values())
    assert NAME.encode() not in written
    assert order.encode() not in written
    out = folder / "route-tests"
    out.mkdir(exist_ok=True)
    for name, data in made.files.items():
        (out / name).write_bytes(data)
    cases = reading.load_cases(load_site(folder, registry), registry, [out / made.test])
    (result,) = await runner.run_cases(reactor, load_site(folder, registry), registry, cases)
    assert result.good, report.text_of(result) + made.files[made.test].decode()
    assert "status: Sent" in made.files[made.test].decode()
    assert json.dumps(made.unsaid) == "[]"
