"""A message on one side: check, reply, several routes."""

from __future__ import annotations

from pathlib import Path

from tests.engine.rehearsal.hall import SHEET, SITE, Hall, order, places

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="order"><xs:complexType><xs:sequence>
<xs:element name="id"/><xs:element name="name"><xs:simpleType><xs:restriction base="xs:string">
<xs:maxLength value="MOST"/></xs:restriction></xs:simpleType></xs:element></xs:sequence></xs:complexType></xs:element>
</xs:schema>"""
REPLY = """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/reply"><r><code><xsl:value-of select="@code"/></code><said>yes</said></r></xsl:template>
</xsl:stylesheet>"""
CHECKED = SITE.replace(
    "identity: [//id]}",
    "identity: [//id], check: {xsd: transforms/o.xsd}, "
    "reply: {when: stored, ok: transforms/reply.xsl, invalid: transforms/reply.xsl}}",
)
SECOND = """
  copies:
    receive: {from: source, operation: order}
    steps:
      - {id: copy, call: {to: other, operation: copy, body: $(body/id)}}
"""


async def test_a_stricter_check(tmp_path: Path):
    hall = Hall(tmp_path, CHECKED, made__xsl=SHEET, o__xsd=XSD.replace("MOST", "20"), reply__xsl=REPLY)
    runs = await hall.play(order(1, "short"), order(2, "a rather long name"), order(3, "x" * 30))
    assert len(runs) == 2
    hall.edit(('value="20"', 'value="10"'), file="transforms/o.xsd")
    assert sorted(places(await hall.rehearse())) == [
        "orders out call peer send (all) removed x1", "orders receive reply kind changed x1",
        "orders receive reply r/code changed x1", "orders route run removed x1",
    ]  # fmt: skip


async def test_a_looser_check_takes_what_was_refused(tmp_path: Path):
    hall = Hall(tmp_path, CHECKED, made__xsl=SHEET, o__xsd=XSD.replace("MOST", "20"), reply__xsl=REPLY)
    assert not await hall.play(order(3, "x" * 30))
    hall.edit(('value="20"', 'value="40"'), file="transforms/o.xsd")
    found = places(await hall.rehearse())
    assert "orders route run added x1" in found
    assert "orders out call peer send (all) added x1" in found


async def test_another_reply(tmp_path: Path):
    hall = Hall(tmp_path, CHECKED, made__xsl=SHEET, o__xsd=XSD.replace("MOST", "20"), reply__xsl=REPLY)
    await hall.play(order(1))
    hall.edit(("<said>yes</said>", "<said>si</said>"), file="transforms/reply.xsl")
    assert places(await hall.rehearse()) == ["orders receive reply r/said changed x1"]


async def test_a_reply_when_the_run_is_done(tmp_path: Path):
    text = CHECKED.replace("when: stored", "when: done, within: 20s")
    hall = Hall(tmp_path, text, made__xsl=SHEET, o__xsd=XSD.replace("MOST", "20"), reply__xsl=REPLY)
    await hall.play(order(1))
    hall.edit(("$(made)", "$(made/none)"))
    found = places(await hall.rehearse())
    assert "orders receive reply kind changed x1" in found
    assert "orders receive reply r/code changed x1" in found


async def test_two_routes_of_one_message(tmp_path: Path):
    hall = Hall(tmp_path, SITE + SECOND, made__xsl=SHEET)
    await hall.play(order(1))
    hall.edit(("operation: copy, body: $(body/id)", "operation: copy, body: $(body)"))
    assert all(place.startswith("copies copy call") for place in places(await hall.rehearse()))
    assert (await hall.rehearse(route="orders")).same == 1


async def test_a_route_that_came_and_one_that_was_renamed(tmp_path: Path):
    hall = Hall(tmp_path)
    await hall.play(order(1))
    hall.edit(("  orders:\n", "  bills:\n"))
    assert places(await hall.rehearse()) == []
    routes = hall.new / "routes.yaml"
    routes.write_text(routes.read_text() + SECOND)
    assert sorted(places(await hall.rehearse())) == [
        "copies copy call other copy (all) added x1", "copies route run added x1",
    ]  # fmt: skip
