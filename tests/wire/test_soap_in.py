"""`soap_in` over real sockets: every odd form that real clients send works, or is refused clearly and kept."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from html import escape
from typing import Any

import pytest
import zeep
from lxml import etree
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from channels import soap_in
from engine.message import Reply, Unavailable
from engine.site.settings import Duration, Listen, Size
from tests.contracts.base import until
from tests.contracts.fakes import NAME, FakeInbox, World, make_world

NS = "http://www.dhcc.com.cn"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
ORDER = (
    "<Request><Header><SourceSystem>02</SourceSystem><MessageID>9</MessageID></Header><Body><PATPatientInfo>"
    f"<PATName>{NAME}</PATName></PATPatientInfo><AddRisAppBillRt><Note>a &amp; b &lt; c</Note></AddRisAppBillRt></Body>"
    "</Request>"
)
CDATA = f"<![CDATA[{ORDER}]]>"
ANSWER = "<Response><Body><ResultCode>0</ResultCode><ResultContent>成功 &amp; ok</ResultContent></Body></Response>"
XML = "text/xml; charset=utf-8"


def hip(payload: str, code: str = "MES0138", soap: str = SOAP11, names: tuple[str, str] = ("input1", "input2")) -> str:
    """An envelope with the payload as it stands."""
    one, two = names
    return (
        f'<s:Envelope xmlns:s="{soap}" xmlns:d="{NS}"><s:Header/><s:Body><d:HIPMessageServer><d:{one}>{code}</d:{one}>'
        f"<d:{two}>{payload}</d:{two}></d:HIPMessageServer></s:Body></s:Envelope>"
    )


def post(body: bytes, *headers: str, path: str = "/his", length: int | None = None) -> bytes:
    """A POST on a connection of its own; headers without a Content-Type get one."""
    lines = [f"POST {path} HTTP/1.1", "Host: h", "Connection: close", *headers]
    if not any(line.lower().startswith("content-type:") for line in headers):
        lines.append(f"Content-Type: {XML}")
    if not any(line.lower().startswith("transfer-encoding") for line in headers):
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Answer:
    """A raw answer, taken apart."""

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1")
        self.status = int(self.head.split()[1]) if self.head else 0

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def result(self) -> str:
        """The result string of the answer."""
        operation = etree.fromstring(self.body).find("{*}Body/*")
        assert operation is not None
        return operation[0].text or ""

    @property
    def code(self) -> str:
        """Our code in the fault's text."""
        found = re.search(r"WB-\d{4}", etree.fromstring(self.body).findtext(".//{*}Text") or self.text)
        return found.group() if found else ""


def talk(port: int, data: bytes, seconds: float = 10.0) -> Answer:
    """Blocking: send, and read until the peer closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as line:
        line.sendall(data)
        return Answer(everything(line))


def everything(line: socket.socket) -> bytes:
    parts = []
    try:
        while part := line.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


class Station:
    """A running `soap_in` with a fake inbox."""

    def __init__(self, channel: soap_in.Channel, inbox: FakeInbox, world: World) -> None:
        self.channel, self.inbox, self.world = channel, inbox, world

    async def send(self, data: bytes) -> Answer:
        return await deferToThread(talk, self.channel.port, data)

    def kept(self) -> tuple[str, bytes]:
        """Code and body of the one entry that was kept."""
        ((incoming, code, reason),) = self.inbox.rejected
        assert NAME not in reason
        return code, incoming.body


@pytest.fixture(name="station")
def fixture_station(reactor: Any, tmp_path: Any) -> Callable[..., Any]:
    """`async with station(setting=...) as it`"""
    world = make_world(reactor, tmp_path)

    @asynccontextmanager
    async def station(**settings: Any) -> AsyncIterator[Station]:
        settings = {"listen": Listen("127.0.0.1", 0), "operations": {"MES0138": "AddRisAppBillRt"}, **settings}
        inbox = FakeInbox(frozenset({"AddRisAppBillRt", "UpdateOrdersRt"}))
        inbox.outcome = Reply("accepted", "m1", ANSWER.encode())
        channel = soap_in.Channel("his_in", soap_in.Settings(**settings), world.services)
        await channel.start(inbox)
        try:
            yield Station(channel, inbox, world)
        finally:
            await channel.stop()
        assert not world.bugs

    return station


def same(body: bytes) -> bool:
    """The business XML is the order, whatever its clothes were."""
    plain = etree.tostring(etree.fromstring(ORDER), method="c14n")
    return etree.tostring(etree.fromstring(body), method="c14n") == plain


GB_DECLARED = '<?xml version="1.0" encoding="GBK"?>'
FORMS: dict[str, bytes] = {
    "cdata": post(hip(CDATA).encode()),
    "escaped": post(hip(escape(ORDER)).encode()),
    "child elements": post(hip(ORDER).encode()),
    "child elements in a default namespace": post(
        f'<Envelope xmlns="{SOAP11}"><Body><HIPMessageServer xmlns="{NS}"><input1>MES0138</input1><input2>\n{ORDER}\n'
        "</input2></HIPMessageServer></Body></Envelope>".encode()
    ),
    "no namespace": post(hip(CDATA).replace("d:HIP", "HIP").encode()),
    "action and message": post(hip(CDATA, names=("action", "message")).encode()),
    "no code, found by its element": post(hip(CDATA, code="").encode()),
    "unknown code, found by its element": post(hip(CDATA, code="MES9999").encode()),
    "declaration inside": post(hip(f'<![CDATA[<?xml version="1.0" encoding="GBK"?>\n{ORDER}]]>').encode()),
    "gbk by declaration": post((GB_DECLARED + hip(CDATA)).encode("gbk"), "Content-Type: text/xml"),
    "gbk by content type": post(hip(CDATA).encode("gbk"), "Content-Type: text/xml; charset=GBK"),
    "gbk by content type, declared utf-8": post(
        ('<?xml version="1.0" encoding="UTF-8"?>' + hip(CDATA)).encode("gbk"),
        'Content-Type: text/xml; charset="gb2312"',
    ),
    "utf-8 under a wrong charset": post(hip(CDATA).encode(), "Content-Type: text/xml; charset=us-ascii"),
    "utf-16": post(('<?xml version="1.0" encoding="UTF-16"?>' + hip(CDATA)).encode("utf-16"), "Content-Type: text/xml"),
    "byte order mark": post(b"\xef\xbb\xbf" + hip(CDATA).encode()),
    "action quoted": post(hip(CDATA).encode(), f'SOAPAction: "{NS}/HIPMessageServer"'),
    "action of ensemble": post(
        hip(CDATA).encode(), f"SOAPAction: {NS}/DHC.Published.PUB0013.BS.PUB0013.HIPMessageServer"
    ),
    "action bare": post(hip(CDATA).encode(), "SOAPAction: MES0138"),
    "action empty": post(hip(CDATA).encode(), 'SOAPAction: ""'),
    "no content type": post(hip(CDATA).encode(), "Content-Type:"),
    "chunked": post(
        b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [hip(CDATA).encode()[:99], hip(CDATA).encode()[99:]])
        + b"0\r\n\r\n",
        "Transfer-Encoding: chunked",
    ),
    "comments": post(hip(f"<!-- x -->{CDATA}<!-- y -->").encode()),
    "addressing that must be understood": post(
        hip(CDATA)
        .replace(
            "<s:Header/>",
            '<s:Header><a:To xmlns:a="http://www.w3.org/2005/08/addressing" s:mustUnderstand="1"/></s:Header>',
        )
        .encode()
    ),
    "soap 1.2": post(hip(CDATA, soap=SOAP12).encode(), 'Content-Type: application/soap+xml; charset=utf-8; action="x"'),
}


@pytest.mark.parametrize("form", sorted(FORMS))
async def test_forms_that_are_taken(station: Callable[..., Any], form: str) -> None:
    async with station() as it:
        answer = await it.send(FORMS[form])
    assert (answer.status, answer.result) == (200, ANSWER)
    (incoming,) = it.inbox.accepted
    assert (incoming.connection, incoming.operation) == ("his_in", "AddRisAppBillRt")
    assert same(incoming.body)
    assert not it.inbox.rejected
    soap12 = form == "soap 1.2"
    assert ("application/soap+xml" in answer.head) is soap12
    assert incoming.meta["soap"] == ("1.2" if soap12 else "1.1")


BOMB = '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]>'
XXE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
UPDATE = "<UpdateOrdersRt/>"
REFUSED: dict[str, tuple[str, bytes]] = {
    "not xml": ("WB-1001", post(f"hello {NAME}".encode())),
    "cut off": ("WB-1001", post(hip(CDATA).encode()[:-9])),
    "undefined entity": ("WB-1001", post(hip("&nbsp;").encode())),
    "document type": ("WB-1002", post(f"<!DOCTYPE a>{hip(CDATA)}".encode())),
    "bomb": ("WB-1002", post((BOMB + hip("&y;")).encode())),
    "external entity": ("WB-1002", post((XXE + hip("&x;")).encode())),
    "document type inside": ("WB-1002", post(hip(f"<![CDATA[{BOMB}{ORDER}]]>").encode())),
    "document type inside, escaped": ("WB-1002", post(hip(escape(XXE + ORDER), code="").encode())),
    "not soap": ("WB-1003", post(ORDER.encode())),
    "another envelope": ("WB-1003", post(hip(CDATA, soap="urn:x").encode())),
    "two operations": ("WB-1003", post(hip(CDATA).replace("</s:Body>", "<x/></s:Body>").encode())),
    "empty body": ("WB-1003", post(f'<s:Envelope xmlns:s="{SOAP11}"><s:Body/></s:Envelope>'.encode())),
    "other parameters": ("WB-1003", post(hip(CDATA, names=("arg0", "arg1")).encode())),
    "a parameter twice": ("WB-1003", post(hip(CDATA, names=("input2", "input2")).encode())),
    "text beside elements": ("WB-1003", post(hip(f"text {ORDER}").encode())),
    "attachments": ("WB-1003", post(hip(CDATA).encode(), "Content-Type: multipart/related; boundary=x")),
    "compressed": ("WB-1003", post(hip(CDATA).encode(), "Content-Encoding: gzip")),
    "must be understood": (
        "WB-1003",
        post(hip(CDATA).replace("<s:Header/>", '<s:Header><x s:mustUnderstand="1"/></s:Header>').encode()),
    ),
    "another namespace": ("WB-1004", post(hip(CDATA).replace(NS, "urn:other").encode())),
    "another operation": ("WB-1004", post(hip(CDATA).replace("HIPMessageServer", "Other").encode())),
    "nothing received": ("WB-1004", post(hip("<![CDATA[<Request><Body><X/></Body></Request>]]>", "MES9999").encode())),
    "several received": (
        "WB-1009",
        post(hip(f"<![CDATA[{ORDER.replace('</Body>', UPDATE + '</Body>')}]]>", "").encode()),
    ),
    "bytes that are not utf-8": ("WB-1006", post(hip(CDATA).encode("gbk"))),
    "bytes that are not gbk": ("WB-1006", post(hip(CDATA).encode() + b"\xff", "Content-Type: text/xml; charset=gbk")),
    "contradiction": (
        "WB-1006",
        post(
            ('<?xml version="1.0" encoding="UTF-8"?>' + hip(CDATA.replace(NAME, "植入"))).encode(),
            "Content-Type: text/xml; charset=gbk",
        ),
    ),
    "unknown encoding": ("WB-1006", post(hip(CDATA).encode(), "Content-Type: text/xml; charset=klingon")),
    "no body": ("WB-1010", post(b"")),
    "empty payload": ("WB-1010", post(hip("").encode())),
    "blank payload": ("WB-1010", post(hip("<![CDATA[  \n ]]>").encode())),
    "only a declaration": ("WB-1010", post(hip('<![CDATA[<?xml version="1.0"?>]]>').encode())),
}


@pytest.mark.parametrize("form", sorted(REFUSED))
async def test_forms_that_are_refused_and_kept(station: Callable[..., Any], form: str, caplog: Any) -> None:
    code, data = REFUSED[form]
    async with station() as it:
        answer = await it.send(data)
        assert it.kept()[0] == code
        assert it.kept()[1] == data.partition(b"\r\n\r\n")[2]
    assert (answer.status, answer.code) == (500, code)
    assert "Client</faultcode>" in answer.text
    assert "<message>r1</message>" in answer.text
    assert NAME not in answer.text + caplog.text
    assert not it.inbox.accepted


async def test_a_fault_of_soap_12(station: Callable[..., Any]) -> None:
    async with station() as it:
        answer = await it.send(post(hip("", soap=SOAP12).encode(), "Content-Type: application/soap+xml"))
    assert (answer.status, answer.code) == (400, "WB-1010")
    assert ":Sender</" in answer.text


async def test_named_actions_only(station: Callable[..., Any]) -> None:
    async with station(soap_actions=("MES0138",)) as it:
        assert (await it.send(post(hip(CDATA).encode(), 'SOAPAction: "MES0138"'))).status == 200
        assert (await it.send(post(hip(CDATA).encode(), "SOAPAction: other"))).code == "WB-1004"


async def test_business_refusals_are_results_and_a_full_engine_is_503(station: Callable[..., Any]) -> None:
    async with station() as it:
        it.inbox.outcome = Reply("conflict", "m2", b"<Response>-1</Response>", "WB-1008", "other content")
        answer = await it.send(FORMS["cdata"])
        assert (answer.status, answer.result) == (200, "<Response>-1</Response>")
        it.inbox.outcome = Reply("invalid", "m3", b"", "WB-1007", "/Request/Body: too few")
        answer = await it.send(FORMS["cdata"])
        assert (answer.status, answer.code) == (500, "WB-1007")
        it.inbox.outcome = Unavailable("WB-1012", "the disk is full")
        for data in (FORMS["cdata"], REFUSED["not xml"][1]):
            answer = await it.send(data)
            assert (answer.status, answer.code) == (503, "WB-1012")
            assert "Server</faultcode>" in answer.text
            assert "retry-after" in answer.head.lower()


async def test_too_large_is_refused_before_it_is_read(station: Callable[..., Any]) -> None:
    async with station(max_body=Size(2000)) as it:
        announced = await it.send(post(b"", "Expect: 100-continue", length=50_000_000))
        assert announced.status == 413
        assert announced.code == "WB-1005"
        assert it.kept() == ("WB-1005", b"")
        chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        chunked = await it.send(post(chunk * 1600 + b"0\r\n\r\n", "Transfer-Encoding: chunked"))
        assert (chunked.status, chunked.code) == (413, "WB-1005")
        assert (await it.send(post(b"x" * 50_000_000))).status == 413
        assert len(it.inbox.rejected) == 3
        assert (await it.send(FORMS["cdata"])).status == 200


async def test_a_second_request_on_the_same_connection(station: Callable[..., Any]) -> None:
    async with station() as it:
        answer = await it.send(FORMS["cdata"].replace(b"Connection: close\r\n", b"") + FORMS["escaped"])
    assert answer.text.count("HTTP/1.1 200 OK") == 1
    assert len(it.inbox.accepted) == 2


def open_line(port: int, data: bytes) -> tuple[bytes, bool]:
    """Blocking: send, then dribble single bytes until the peer ends the connection; (what it said, ended)."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(data)
        line.settimeout(0.05)
        for _ in range(100):
            try:
                return line.recv(1000), True
            except TimeoutError:
                if data:
                    try:
                        line.sendall(b"x")
                    except OSError:
                        return b"", True
            except OSError:
                return b"", True
    return b"", False


@pytest.mark.parametrize(
    "data", [b"", b"POST /his HTTP/1.1\r\nHost: ", post(b"<s", length=900)], ids=["idle", "head", "body"]
)
async def test_slow_senders_are_ended(station: Callable[..., Any], data: bytes) -> None:
    async with station(idle=Duration(0.3), receive_time=Duration(0.3)) as it:
        assert await deferToThread(open_line, it.channel.port, data) == (b"", True)
        assert (await it.send(FORMS["cdata"])).status == 200


async def test_too_many_connections_are_told(station: Callable[..., Any]) -> None:
    async with station(max_connections=1) as it:
        with socket.create_connection(("127.0.0.1", it.channel.port)):
            await until(it.world.services.reactor, lambda: len(it.channel.connections) == 1)
            assert (await it.send(b"")).status == 503
        await until(it.world.services.reactor, lambda: not it.channel.connections)
        assert (await it.send(FORMS["cdata"])).status == 200


async def test_a_sender_that_leaves_early_is_no_bug(station: Callable[..., Any]) -> None:
    async with station() as it:
        gate: Deferred[Any] = Deferred()
        it.inbox.outcome = gate
        with socket.create_connection(("127.0.0.1", it.channel.port)) as line:
            line.sendall(FORMS["cdata"])
            await until(it.world.services.reactor, lambda: it.inbox.waiting)
        await until(it.world.services.reactor, lambda: not it.channel.connections)
        gate.callback(None)
        assert len(it.inbox.accepted) == 1


async def test_pages_and_other_methods(station: Callable[..., Any]) -> None:
    async with station() as it:
        site = it.world.services.site / "transforms" / "his"
        site.mkdir(parents=True)
        (site / "AddRisAppBillRt.xsd").write_text("<xs:schema>&lt;script&gt;</xs:schema>")
        (site / "Other.xsd").write_text("<secret/>")
        page = await it.send(b"GET /his HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert page.status == 200
        assert all(word in page.text for word in ('href="?wsdl"', "AddRisAppBillRt.xsd", "&amp;lt;script", "WB-1005"))
        assert "secret" not in page.text
        odd = await it.send(b"GET /his?WSDL HTTP/1.1\r\nHost: a\x01<b>\r\nConnection: close\r\n\r\n")
        assert f"http://127.0.0.1:{it.channel.port}/his" in odd.text
        head = await it.send(b"HEAD /his HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert (head.status, head.body) == (200, b"")
        assert (await it.send(b"PUT /his HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")).status == 405
        assert (await it.send(post(b"x", path="/other"))).status == 404


@pytest.mark.parametrize("word", ["wsdl", "WSDL", "Wsdl"])
@pytest.mark.parametrize("envelope", ["hip", "operation"])
async def test_zeep_reads_the_wsdl_and_calls_in_both_versions(
    station: Callable[..., Any], word: str, envelope: str
) -> None:
    def call(url: str) -> list[str]:
        client = zeep.Client(f"{url}?{word}")
        ((_, service),) = client.wsdl.services.items()
        answers = []
        for port in service.ports:
            proxy = client.bind(service.name, port)
            answers.append(
                proxy.HIPMessageServer("MES0138", ORDER) if envelope == "hip" else proxy.AddRisAppBillRt(ORDER)
            )
        return answers

    async with station(envelope=envelope, operations={"MES0138": "AddRisAppBillRt"} if envelope == "hip" else {}) as it:
        answers = await deferToThread(call, f"http://127.0.0.1:{it.channel.port}/his")
    assert answers == [ANSWER, ANSWER]
    assert [incoming.meta["soap"] for incoming in it.inbox.accepted] == ["1.1", "1.2"]
    assert all(same(incoming.body) for incoming in it.inbox.accepted)


@pytest.mark.parametrize(
    "inside",
    [
        f"<o:AddRisAppBillRt><o:xml>{CDATA}</o:xml></o:AddRisAppBillRt>",
        f"<AddRisAppBillRt><xml>{escape(ORDER)}</xml></AddRisAppBillRt>",
        f"<o:AddRisAppBillRt><xml>{ORDER}</xml></o:AddRisAppBillRt>",
        f"<o:AddRisAppBillRt>{ORDER}</o:AddRisAppBillRt>",
        f"<o:AddRisAppBillRt>{CDATA}</o:AddRisAppBillRt>",
        f"<o:AddOrder><anything>{CDATA}</anything></o:AddOrder>",
    ],
)
async def test_one_operation_for_each_message(station: Callable[..., Any], inside: str) -> None:
    body = f'<s:Envelope xmlns:s="{SOAP11}" xmlns:o="{NS}"><s:Body>{inside}</s:Body></s:Envelope>'
    async with station(envelope="operation", operations={"AddOrder": "AddRisAppBillRt"}) as it:
        answer = await it.send(post(body.encode()))
        other = await it.send(
            post(body.replace("AddRisAppBillRt>", "Nothing>").replace("AddOrder", "Nothing").encode())
        )
    assert (answer.status, answer.result) == (200, ANSWER)
    assert same(it.inbox.accepted[0].body)
    assert (other.status, other.code) == (500, "WB-1004")


async def test_two_connections_share_one_address(reactor: Any, tmp_path: Any) -> None:
    world = make_world(reactor, tmp_path)
    listen = Listen("127.0.0.1", 0)
    boxes = [FakeInbox(), FakeInbox()]
    one = soap_in.Channel("his_in", soap_in.Settings(listen=listen), world.services)
    two = soap_in.Channel(
        "his_op", soap_in.Settings(listen=listen, path="/his/operation", envelope="operation"), world.services
    )
    await one.start(boxes[0])
    await two.start(boxes[1])
    assert one.port == two.port
    inside = f"<AddRisAppBillRt><xml>{CDATA}</xml></AddRisAppBillRt>"
    operation = f'<s:Envelope xmlns:s="{SOAP11}"><s:Body>{inside}</s:Body></s:Envelope>'
    assert (await deferToThread(talk, one.port, FORMS["cdata"])).status == 200
    await one.stop()
    assert (await deferToThread(talk, two.port, post(operation.encode(), path="/his/operation"))).status == 200
    assert (await deferToThread(talk, two.port, FORMS["cdata"])).status == 404
    await two.stop()
    assert [len(box.accepted) for box in boxes] == [1, 1]


async def test_an_address_that_is_taken_is_told(reactor: Any, tmp_path: Any) -> None:
    world = make_world(reactor, tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = Listen("127.0.0.1", taken.getsockname()[1])
        channel = soap_in.Channel("his_in", soap_in.Settings(listen=listen), world.services)
        with pytest.raises(Unavailable, match="WB-3010"):
            await channel.start(FakeInbox())
        assert (await channel.probe()).state == "down"
        await channel.stop()
    assert (await channel.probe()).state == "up"
