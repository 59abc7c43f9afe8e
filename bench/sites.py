"""The sites of the benchmarks: one route each, as an analyst would write it, between the generator and the sink."""

from __future__ import annotations

from pathlib import Path

from bench.messages import Route

POLICIES = """
policies:
  default: {first: 200ms, factor: 3, max: 30s, jitter: 20%, give_up: 10m, then: dead}
"""

MLLP = """
connections:
  ward_in: {{type: mllp_in, listen: '127.0.0.1:{source}', max_connections: 300}}
  lab_out: {{type: mllp_out, host: 127.0.0.1, port: {sink}, max_in_flight: {in_flight}, repeat: same}}
routes:
  admission:
    receive:
      from: ward_in
      operation: ADT_A01
{order}    labels: {{patient: {{path: 'PID-3[1].1'}}}}
    steps:
      - {{id: changed, transform: {{map: transforms/admission.yaml}}}}
      - {{id: send, call: {{to: lab_out, operation: send, message: $(changed), in_doubt: repeat}}}}
"""

ADMISSION = """
target: {as: hl7, base: $(body)}
fields:
  MSH-3: {value: WAYBILL}
  PV1-3.1: {from: $(body/PV1-3.1), table: {2WEST: W2, '*': other}}
  PID-5.1: {from: $(body/PID-5.1), max: 40}
"""

HTTP = """
connections:
  ward_in: {{type: http_in, listen: '127.0.0.1:{source}', paths: {{/orders: Order}}, max_connections: 300}}
  lab_out: {{type: http_out, url: 'http://127.0.0.1:{sink}', max_in_flight: {in_flight}}}
routes:
  order:
    receive:
      from: ward_in
      operation: Order
      identity: [//Header/SourceSystem, //Header/MessageID]
      check: {{xsd: transforms/order.xsd}}
{order}    labels: {{patient: {{path: //Patient/Number}}}}
    steps:
      - {{id: made, transform: {{xslt: transforms/order.xsl}}}}
      - {{id: send, call: {{to: lab_out, operation: post, path: /results, body: $(made), in_doubt: repeat}}}}
"""

_SOAP_IN = (
    "type: soap_in, listen: '127.0.0.1:{source}', path: /orders, operations: {{ORDER: Order}}, max_connections: 300"
)

SOAP = HTTP.replace(
    "type: http_in, listen: '127.0.0.1:{source}', paths: {{/orders: Order}}, max_connections: 300", _SOAP_IN
).replace(
    "      check: {{xsd: transforms/order.xsd}}\n",
    "      check: {{xsd: transforms/order.xsd}}\n"
    "      reply: {{when: stored, ok: transforms/reply.xsl, invalid: transforms/reply.xsl}}\n",
)

XSD = """<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">
  <xs:simpleType name="text"><xs:restriction base="xs:string">
    <xs:minLength value="1"/><xs:maxLength value="80"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="number"><xs:restriction base="xs:string">
    <xs:pattern value="[A-Z]+[#\\-]?[0-9]+"/></xs:restriction></xs:simpleType>
  <xs:complexType name="person"><xs:sequence>
    <xs:element name="Number" type="number"/><xs:element name="Family" type="text"/>
    <xs:element name="Given" type="text"/><xs:element name="BirthDate" type="xs:date"/>
    <xs:element name="Sex"><xs:simpleType><xs:restriction base="xs:string">
      <xs:enumeration value="M"/><xs:enumeration value="F"/></xs:restriction></xs:simpleType></xs:element>
    <xs:element name="Address"><xs:complexType><xs:sequence><xs:element name="Line" type="text"/>
      <xs:element name="City" type="text"/><xs:element name="Zip" type="text"/></xs:sequence></xs:complexType>
    </xs:element>
  </xs:sequence></xs:complexType>
  <xs:complexType name="test"><xs:sequence>
    <xs:element name="Code"><xs:complexType><xs:simpleContent><xs:extension base="text">
      <xs:attribute name="system" type="text" use="required"/></xs:extension></xs:simpleContent></xs:complexType>
    </xs:element>
    <xs:element name="Name" type="text"/><xs:element name="Priority" type="text"/>
    <xs:element name="Specimen"><xs:complexType><xs:attribute name="type" type="text" use="required"/>
      <xs:attribute name="collected" type="xs:dateTime" use="required"/></xs:complexType></xs:element>
  </xs:sequence><xs:attribute name="line" type="xs:positiveInteger" use="required"/></xs:complexType>
  <xs:element name="Request"><xs:complexType><xs:sequence>
    <xs:element name="Header"><xs:complexType><xs:sequence><xs:element name="SourceSystem" type="text"/>
      <xs:element name="MessageID" type="number"/><xs:element name="Created" type="xs:dateTime"/>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="Body"><xs:complexType><xs:sequence><xs:element name="Order"><xs:complexType><xs:sequence>
      <xs:element name="Number" type="number"/><xs:element name="Patient" type="person"/>
      <xs:element name="Visit"><xs:complexType><xs:sequence><xs:element name="Number" type="number"/>
        <xs:element name="Ward" type="text"/><xs:element name="Bed" type="text"/>
        <xs:element name="Physician" type="text"/></xs:sequence></xs:complexType></xs:element>
      <xs:element name="Tests"><xs:complexType><xs:sequence>
        <xs:element name="Test" type="test" maxOccurs="100"/></xs:sequence></xs:complexType></xs:element>
    </xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""

XSL = """<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="xml" encoding="UTF-8"/>
  <xsl:template match="/run">
    <LabOrder id="{body/Request/Header/MessageID}" sent="{@at}">
      <xsl:apply-templates select="body/Request/Body/Order"/>
    </LabOrder>
  </xsl:template>
  <xsl:template match="Order">
    <Patient number="{Patient/Number}" born="{translate(Patient/BirthDate, '-', '')}">
      <xsl:attribute name="sex"><xsl:choose>
        <xsl:when test="Patient/Sex = 'M'">1</xsl:when><xsl:otherwise>2</xsl:otherwise>
      </xsl:choose></xsl:attribute>
      <xsl:value-of select="concat(Patient/Family, ' ', Patient/Given)"/>
    </Patient>
    <Place><xsl:value-of select="concat(Visit/Ward, '/', substring-before(Visit/Bed, '-'))"/></Place>
    <xsl:for-each select="Tests/Test">
      <xsl:sort select="@line" data-type="number"/>
      <Item code="{Code}" system="{Code/@system}" specimen="{Specimen/@type}"><xsl:value-of select="Name"/></Item>
    </xsl:for-each>
  </xsl:template>
</xsl:stylesheet>
"""

REPLY = """<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="/reply">
    <Response><Header><MessageID><xsl:value-of select="body/Request/Header/MessageID"/></MessageID></Header>
      <Body><ResultCode><xsl:value-of select="@code"/></ResultCode></Body></Response>
  </xsl:template>
</xsl:stylesheet>
"""

KEYS = {"mllp": "'PID-3[1].1'", "http": "//Patient/Number", "soap": "//Patient/Number"}


def write(folder: Path, route: Route, source: int, sink: int, in_flight: int, *, ordered: bool) -> None:
    """The site's files. ordered: the route keeps the order of each patient's messages."""
    order = f"      order: {{key: {KEYS[route]}, until: send, on_failure: hold}}\n" if ordered else ""
    text = {"mllp": MLLP, "http": HTTP, "soap": SOAP}[route]
    filled = text.format(source=source, sink=sink, in_flight=in_flight, order=order)
    transforms = folder / "transforms"
    transforms.mkdir(parents=True)
    (folder / "routes.yaml").write_text(filled.lstrip() + POLICIES.lstrip(), "utf-8")
    if route == "mllp":
        (transforms / "admission.yaml").write_text(ADMISSION.lstrip(), "utf-8")
        return
    for name, content in (("order.xsd", XSD), ("order.xsl", XSL), ("reply.xsl", REPLY)):
        if name != "reply.xsl" or route == "soap":
            (transforms / name).write_text(content, "utf-8")


CHANGED = {
    "mllp": (b"MSH|^~\\&|WAYBILL|WARD|", b"|W2^201^A^WARD|", b"||Example^Zhang"),
    "http": (b"<LabOrder id=", b'born="19700101"', b'code="2951-2"'),
    "soap": (b"<LabOrder id=", b'born="19700101"', b'code="2951-2"'),
}
"""What every message must hold that reaches the sink."""
