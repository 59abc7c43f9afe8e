"""Each verb fails on a message that holds a patient's name: no reason, history, attention or log holds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.message import Incoming
from tests.engine.runtime.house import engine, rows

NAME = "示例甲"
SITE = """connections:
  source: {type: memory_in}
  sink: {type: memory_out, repeat: same}
routes:
  r:
    receive: {from: source, operation: j, identity: [$(body/id)]}
    labels: {id: {path: $(body/id)}, name: {path: $(body/name), phi: true, optional: true}}
    steps:
      - {id: m, STEP}
      - {id: last, stop: {reason: over}}
"""
FILES = {
    "m__yaml": "A: {from: $(body/name), as: int}\n",
    "p__py": "def transform(values, settings):\n    raise ValueError(values['body']['name'])\n",
    "x__xsl": '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"><xsl:template match="/">'
    '<xsl:message terminate="yes"><xsl:value-of select="."/></xsl:message></xsl:template></xsl:stylesheet>',
}
BODY = json.dumps({"id": 1, "name": NAME, "list": [{"a": NAME}, {"a": NAME}]}).encode()


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("transform: {map: transforms/m.yaml}", "WB-2008"),
        ("transform: {plugin: transforms/p.py}", "WB-2401"),
        ("transform: {xslt: transforms/x.xsl}", "WB-2003"),
        ("set: {values: {x: $(body/name/first)}}", "WB-2001"),
        ("set: {values: {x: '$(body/list//a)'}}", "WB-2002"),
        ("set: {values: {x: '$(body/name|date:%Y)'}}", "WB-2009"),
        ("set: {labels: {id: '$(body/list)'}}", "WB-2012"),
        ("when: {path: $(body/list), is: x}, stop: {reason: x}", "WB-2009"),
        ("when: {xpath: //x}, stop: {reason: x}", "WB-2001"),
        ("split: {by: $(body/name)}", "WB-1011"),
    ],
)
async def test_a_step_that_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture, step: str, code: str) -> None:
    caplog.set_level(0)
    async with engine(tmp_path, SITE.replace("STEP", step), **FILES) as world:
        reply = await world.daemon.runtime.inbox.accept(Incoming("source", "j", BODY, "application/json"))
        (run,) = await world.ended(state="dead")
        assert run["code"] == code
        said: list[Any] = [
            rows(world, f"SELECT * FROM {table}") for table in ("run", "event", "attention", "effect", "audit")
        ]
        said += [world.daemon.runtime.counters(), world.daemon.runtime.health(), str(reply), caplog.text]
    assert NAME not in str(said)
    assert json.dumps(NAME)[1:-1] not in str(said)
