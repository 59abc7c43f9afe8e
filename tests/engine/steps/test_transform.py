"""`transform`: a stylesheet, a mapping table or a plug-in; its output is the value."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.registry import Registry
from engine.site.load import load_site
from engine.site.settings import TransformFile
from engine.steps.transform import Settings
from tests.engine.runtime.house import engine, one_route, order, rows
from tests.engine.world import write_site

XSL = """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/run">
<out at="{@at}"><xsl:value-of select="body/order/id"/></out></xsl:template></xsl:stylesheet>"""
STEPS = """\
      - {id: made, transform: {xslt: transforms/out.xsl}}
      - {id: row, transform: {map: transforms/row.yaml}}
      - {id: out, call: {to: sink, operation: send, body: '$(made) $(row/number)'}}
"""
ROW = "number: {from: $(body/id)}\n"


async def test_both_kinds(tmp_path: Path) -> None:
    steps = STEPS.replace("'$(made) $(row/number)'", "'$(row/number)'")
    async with engine(tmp_path, one_route(steps), out__xsl=XSL, row__yaml=ROW) as world:
        await world.put(order(7), "order")
        await world.ended()
        assert [request.arguments["body"] for request in world.channel("sink").requests] == ["7"]
        kinds = dict(rows(world, "SELECT name, kind FROM value"))
        assert (kinds["made"], kinds["row"]) == ("xml", "json")


async def test_a_stylesheet_that_stops_is_refused(tmp_path: Path) -> None:
    stops = XSL.replace("<out", '<xsl:message terminate="yes">no id</xsl:message><out')
    steps = STEPS.splitlines(keepends=True)[0]
    async with engine(tmp_path, one_route(steps), out__xsl=stops) as world:
        await world.put(order(7), "order")
        (dead,) = await world.ended(state="dead")
        assert dead["code"] == "WB-2003"
        assert "no id" in dead["reason"]


PLUGIN = """
def transform(values, settings):
    import os
    if values["row"]["number"] == "13":
        raise ValueError(values["row"]["number"])
    return {"text": settings["before"] + values["row"]["number"], "pid": os.getpid()}
"""
WITH_PLUGIN = """\
      - {id: row, transform: {map: transforms/row.yaml}}
      - {id: own, transform: {plugin: transforms/own.py, settings: {before: no-}}}
      - {id: out, call: {to: sink, operation: send, body: '$(own/text) $(own/pid)'}}
"""


async def test_a_plug_in_runs_in_a_worker_and_its_fault_names_the_line(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(WITH_PLUGIN), own__py=PLUGIN, row__yaml=ROW) as world:
        await world.put(order(7), "order")
        await world.ended()
        text, pid = str(world.channel("sink").requests[0].arguments["body"]).split()
        assert text == "no-7"
        assert int(pid) != os.getpid()
        await world.put(order(13), "order")
        (dead,) = await world.ended(state="dead")
        assert (dead["code"], dead["reason"]) == ("WB-2401", "own.py: ValueError at line 5")


def test_plug_in_and_look_up_table_are_part_of_the_revision(tmp_path: Path) -> None:
    row = "number: {from: $(body/id), table: {file: transforms/x.csv, else: ''}}\n"
    write_site(tmp_path, one_route(WITH_PLUGIN), own__py=PLUGIN, row__yaml=row, x__csv="a,b\n1,2\n")
    seen = {load_site(tmp_path, Registry()).routes["r"].revision}
    for name, text in (("own.py", PLUGIN + "#"), ("x.csv", "a,b\n1,3\n")):
        (tmp_path / "transforms" / name).write_text(text)
        seen.add(load_site(tmp_path, Registry()).routes["r"].revision)
    assert len(seen) == 3


def test_one_of_the_three() -> None:
    with pytest.raises(ValueError, match="one of"):
        Settings()
    with pytest.raises(ValueError, match="one of"):
        Settings(TransformFile("a.xsl"), TransformFile("b.yaml"))
    with pytest.raises(ValueError, match=r"ends in \.xsl"):
        Settings(xslt=TransformFile("a.yaml"))
    with pytest.raises(ValueError, match=r"ends in \.yaml"):
        Settings(map=TransformFile("a.xsl"))
    with pytest.raises(ValueError, match="for a plug-in"):
        Settings(map=TransformFile("a.yaml"), settings={"a": "b"})
