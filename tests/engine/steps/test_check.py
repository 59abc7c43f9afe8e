"""`check`: an XSD in the middle of a route."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.runtime.house import engine, one_route, order

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="order"><xs:complexType><xs:sequence>
<xs:element name="id" type="xs:integer"/></xs:sequence></xs:complexType></xs:element></xs:schema>"""
STEPS = """\
      - {id: text, set: {values: {plain: 'text'}}}
      - {id: good, check: {xsd: transforms/order.xsd, value: VALUE}}
"""


@pytest.mark.parametrize(
    ("number", "value", "state", "code"),
    [("7", "body", "done", ""), ("植入甲", "body", "dead", "WB-1007"), ("7", "plain", "dead", "WB-2012")],
)
async def test_what_the_schema_refuses_is_refused(
    tmp_path: Path, number: str, value: str, state: str, code: str
) -> None:
    async with engine(tmp_path, one_route(STEPS.replace("VALUE", value)), order__xsd=XSD) as world:
        await world.put(order(number), "order")
        (run,) = await world.ended(state=state)
        assert run["code"] == code
        assert "植入" not in run["reason"]
