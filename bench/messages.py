"""The messages of the benchmarks, invented: an admission in HL7 v2 (1 KB) and an order in XML (2 KB).

Each carries a number, which is found again in what the engine sends, and the patient that a connection stands for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Route = Literal["mllp", "http", "soap"]
ROUTES: tuple[Route, ...] = ("mllp", "http", "soap")
MARK = b"WB#"
DIGITS = 9

_HL7 = rf"""MSH|^~\&|BENCH|WARD|ENGINE|LAB|20260105083000||ADT^A01^ADT_A01|WB#%09d|P|2.5||||||UNICODE UTF-8
EVN|A01|20260105083000|||OP1^Example^Anna
PID|1||P%05d^^^WARD^MR~4711^^^ANY^NH||Example^Zhang^Q^^Mr^^L||19700101|M|||1 Sample Road^^Sampletown^^00000{"^" * 9}
NK1|1|Example^Li^R|SPO^Spouse|1 Sample Road^^Sampletown^^00000|^PRN^PH^^1^000^0000000|^WPN^PH^^1^000^0000000
PV1|1|I|2WEST^201^A^WARD||||1234^Sample^Adam^^^Dr|5678^Sample^Betty^^^Dr||MED||||ADM|A0||{"|" * 27}20260105083000
AL1|1|DA|^PENICILLIN|MO|HIVES
DG1|1||I10^Essential hypertension^I10|Essential hypertension|20260105083000|A
OBX|1|NM|8302-2^Body height^LN||180|cm|||||F
OBX|2|NM|29463-7^Body weight^LN||82.5|kg|||||F
OBX|3|NM|8480-6^Systolic blood pressure^LN||120|mm[Hg]|90-140||||F
IN1|1|PPO^Any Provider|BC001|Any Insurance|1 Sample Way^^Sampletown^^00000|||GRP777||||20200101|20301231
""".replace("\n", "\r")

_TEST = """
    <Test line="{0}"><Code system="LOINC">2951-2</Code><Name>Sodium [Moles/volume] in serum, ordered line {0}</Name>
      <Priority>ROUTINE</Priority><Specimen type="SER" collected="2026-01-05T08:00:00Z"/></Test>"""

_XML = f"""<Request>
  <Header><SourceSystem>BENCH</SourceSystem><MessageID>WB#%09d</MessageID><Created>2026-01-05T08:30:00Z</Created></Header>
  <Body><Order>
    <Number>ORD-4711</Number>
    <Patient><Number>P%05d</Number><Family>Example</Family><Given>Zhang</Given><BirthDate>1970-01-01</BirthDate>
      <Sex>M</Sex><Address><Line>1 Sample Road</Line><City>Sampletown</City><Zip>00000</Zip></Address></Patient>
    <Visit><Number>V1</Number><Ward>2WEST</Ward><Bed>201-A</Bed><Physician>Sample, Adam</Physician></Visit>
    <Tests>{"".join(_TEST.format(line) for line in range(1, 7))}
    </Tests>
  </Order></Body>
</Request>"""

_ENVELOPE = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:d="http://www.dhcc.com.cn">'
    f"<soapenv:Body><d:HIPMessageServer><d:input1>ORDER</d:input1><d:input2><![CDATA[{_XML}]]></d:input2>"
    "</d:HIPMessageServer></soapenv:Body></soapenv:Envelope>"
)


def maker(route: Route) -> Callable[[int, int], bytes]:
    """The body of a message by its number and its patient's."""
    template = {"mllp": _HL7, "http": _XML, "soap": _ENVELOPE}[route].encode()
    return lambda number, patient: template % (number, patient)


def number_of(data: bytes) -> int:
    """The number in what the engine sends; -1 when there is none."""
    place = data.find(MARK)
    digits = data[place + len(MARK) : place + len(MARK) + DIGITS]
    return int(digits) if len(digits) == DIGITS and place >= 0 and digits.isdigit() else -1
