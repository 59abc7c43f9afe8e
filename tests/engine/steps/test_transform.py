"""`transform`: a stylesheet or a mapping table; its output is the value."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.site.settings import TransformFile
from engine.steps.transform import Settings
from tests.engine.runtime.house import engine, one_route, order, rows

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


def test_one_of_the_two() -> None:
    with pytest.raises(ValueError, match="one of"):
        Settings()
    with pytest.raises(ValueError, match="one of"):
        Settings(TransformFile("a.xsl"), TransformFile("b.yaml"))
