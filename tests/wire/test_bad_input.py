"""Bad input against the daemon as a process: a clear answer, bounded time and memory, an entry, nothing in a log."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pytest

from simulators.report import report_bytes
from tests.routes.process import Process, daemon, until
from tests.routes.site import message_xml, order_id, uid
from tests.wire.test_soap_in import Answer, everything, hip, post

NAME = "植入姓名"
"""Stands in every message; each test puts a tail of its own behind it."""
SECRET = "the content of a file that no answer may show"
FAST = 1.0
"""Seconds in which an answer should come; asserted with room for a busy machine."""
GENEROUS = 5.0
BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
RUNAWAY = """<xsl:template name="forever"><xsl:param name="n" select="0"/>
  <xsl:if test="$n &lt; 60"><xsl:call-template name="forever"><xsl:with-param name="n" select="$n + 1"/>
  </xsl:call-template><xsl:call-template name="forever"><xsl:with-param name="n" select="$n + 1"/></xsl:call-template>
  </xsl:if></xsl:template>"""
"""Two to the power of sixty calls, none deeper than sixty."""


def memory(pid: int, what: str = "VmHWM") -> int:
    """MiB of the daemon itself."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition(f"{what}:")[2].split()[0]) // 1024


@pytest.fixture(scope="module", name="engine")
def fixture_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One daemon for all: whatever it is sent, the next test finds it at work."""
    folder = tmp_path_factory.mktemp("bad")
    with daemon(folder) as process:
        sheet = folder / "transforms" / "his" / "order.xsl"
        call = (
            '<xsl:if test="contains(body//RISRDesc, \'RUNAWAY\')"><xsl:call-template name="forever"/></xsl:if><order>'
        )
        text = sheet.read_text("utf-8").replace("<order>", call, 1)
        sheet.write_text(text.replace("</xsl:stylesheet>", RUNAWAY + "</xsl:stylesheet>"), "utf-8")
        assert not process.ask("desk.reload", by="test")["problems"]
        (folder / "secret.txt").write_text(SECRET)
        assert process.push("order", order_id=order_id(), patient=uid("p"), name=NAME).ok  # everything is warm
        yield process
        log = process.log
        assert NAME not in log
        assert SECRET not in log
        assert NAME.encode("gbk") not in Path(process.folder / "daemon.log").read_bytes()


@pytest.fixture(autouse=True)
def fixture_bounded(engine: Process) -> Iterator[None]:
    """Bounded memory, and a daemon that still takes orders."""
    before = memory(engine.pid)
    yield
    after = memory(engine.pid)
    print(f"VmHWM {before} -> {after} MiB")
    assert after < before + 60
    assert after < 250
    assert engine.push("order", order_id=order_id(), patient=uid("p"), name=NAME).ok


@dataclass
class Timed:
    answer: Answer
    seconds: float


def talk(engine: Process, data: bytes, what: str) -> Timed:
    """Send raw bytes, read to the end; said aloud and limited."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", engine.port), timeout=30) as line:
        try:
            line.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was answered before all was sent
        first = line.recv(65536)
        spent = time.monotonic() - began
        answer = Answer(first + everything(line))
    print(f"{what}: HTTP {answer.status} in {spent * 1000:.0f} ms{'' if spent < FAST else '  SLOW'}")
    assert spent < GENEROUS
    return Timed(answer, spent)


def order(**fields: Any) -> str:
    """An order with the planted name."""
    return message_xml(
        "order", **{"order_id": order_id(), "patient": uid("p"), "name": NAME, "message_id": uid("m")} | fields
    )


def listed(engine: Process, message_id: str) -> tuple[str, str]:
    """(kind, code) of the entry in Attention; the message itself is there with its code."""
    assert message_id
    shown = engine.browser.get(f"/api/v1/messages/{message_id}")
    groups = engine.browser.get("/api/v1/attention")["groups"]
    found = [(group["kind"], group["code"]) for group in groups
             if any(item["message_id"] == message_id for item in group["items"])]  # fmt: skip
    assert len(found) == 1
    assert shown["message"]["code"] == found[0][1]
    assert NAME not in str(groups)
    return found[0]


def message_of(answer: Answer) -> str:
    found = re.search(r"<message>([^<]+)</message>", answer.text)
    return found.group(1) if found else ""


def with_dtd(dtd: str, reference: str) -> bytes:
    return post((dtd + hip(f"<![CDATA[{order()}]]>", reference)).encode())


def faults(engine: Process) -> dict[str, tuple[str, bytes]]:
    """By name: the code of the fault, and the request."""
    cdata = f"<![CDATA[{order()}]]>"
    file = f"file://{engine.folder / 'secret.txt'}"
    return {
        "not XML": ("WB-1001", post(f"hello {NAME}".encode())),
        "cut off": ("WB-1001", post(hip(cdata).encode()[:-20])),
        "binary": ("WB-1006", post(bytes(range(256)) * 50)),
        "not SOAP": ("WB-1003", post(f"<a>{NAME}</a>".encode())),
        "no operation": ("WB-1003", post(b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/>'
                                         b"</s:Envelope>")),
        "DTD": ("WB-1002", with_dtd("<!DOCTYPE x>", "MES0138")),
        "XXE": ("WB-1002", with_dtd(f'<!DOCTYPE x [<!ENTITY e SYSTEM "{file}">]>', "&e;")),
        "XXE by parameter": ("WB-1002", with_dtd(f'<!DOCTYPE x [<!ENTITY % e SYSTEM "{file}"> %e;]>', "MES0138")),
        "entity bomb": ("WB-1002", with_dtd(BOMB + "]>", "&i;")),
        "unknown operation": ("WB-1004", post(hip(f"<![CDATA[<Request><Body><X>{NAME}</X></Body></Request>]]>",
                                                  "MES9999").encode())),
        "empty": ("WB-1010", post(hip("").encode())),
        "GBK bytes that say UTF-8": ("WB-1006", post(('<?xml version="1.0" encoding="UTF-8"?>' + hip(cdata))
                                                     .encode("gbk"))),
        "unknown charset": ("WB-1006", post(hip(cdata).encode(), "Content-Type: text/xml; charset=klingon")),
    }  # fmt: skip


NAMES = [
    "not XML", "cut off", "binary", "not SOAP", "no operation", "DTD", "XXE", "XXE by parameter", "entity bomb",
    "unknown operation", "empty", "GBK bytes that say UTF-8", "unknown charset",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_faults(engine: Process, name: str) -> None:
    code, data = faults(engine)[name]
    answer = talk(engine, data, name).answer
    assert (answer.status, answer.code) == (500, code)
    assert "faultcode" in answer.text
    assert NAME not in answer.text
    assert SECRET not in answer.text
    kind, listed_code = listed(engine, message_of(answer))
    assert (kind, listed_code) == ("invalid", code)


INNER = {
    "DTD inside": ("WB-1002", lambda file: "<!DOCTYPE Request>" + order()),
    "XXE inside": ("WB-1002", lambda file: f'<!DOCTYPE Request [<!ENTITY e SYSTEM "file://{file}">]>'
                   + order().replace(NAME, f"{NAME}&e;")),
    "entity bomb inside": ("WB-1002", lambda file: BOMB + "]>" + order().replace(NAME, f"{NAME}&i;")),
    "not XML inside": ("WB-1001", lambda file: order() + "<"),
    "schema": ("WB-1007", lambda file: order().replace("OEORIOrderItemID", "Other")),
    "too long a value": ("WB-1007", lambda file: order(order_id="9" * 5000)),
    "deeply nested": ("WB-10", lambda file: order().replace(NAME, "<a>" * 50_000 + NAME + "</a>" * 50_000)),
    "a million elements": ("WB-10", lambda file: order().replace(NAME, NAME + "<a/>" * 1_000_000)),
}  # fmt: skip


@pytest.mark.parametrize("name", list(INNER))
@pytest.mark.parametrize("how", ["cdata", "text"])
def test_bad_business_xml(engine: Process, name: str, how: str) -> None:
    code, make = INNER[name]
    inner = make(engine.folder / "secret.txt")
    data = post(hip(f"<![CDATA[{inner}]]>" if how == "cdata" else escape(inner)).encode())
    answer = talk(engine, data, f"{name} ({how})").answer
    assert NAME not in answer.text
    assert SECRET not in answer.text
    if answer.status == 200:  # the HIS's own form of a refusal
        assert "<ResultCode>-1</ResultCode>" in answer.result
        (shown,) = re.findall(r"WB-\d{4}", answer.result)[:1]
        groups = engine.browser.get("/api/v1/attention")["groups"]
        assert [group for group in groups if group["code"] == shown]
        assert NAME not in str(groups)
    else:
        shown = answer.code
        assert listed(engine, message_of(answer)) == ("invalid", shown)
    print(shown)
    assert shown.startswith(code)


@pytest.mark.parametrize("how", ["Content-Length", "announced only", "chunked"])
def test_fifty_megabytes(engine: Process, how: str) -> None:
    start = hip(f"<![CDATA[{order()}").encode()
    if how == "chunked":
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        data = post(f"{len(start):x}\r\n".encode() + start + b"\r\n" + chunk * 800 + b"0\r\n\r\n",
                    "Transfer-Encoding: chunked")  # fmt: skip
    elif how == "Content-Length":
        data = post(start + b"x" * 50_000_000)
    else:
        data = post(b"", "Expect: 100-continue", length=50_000_000)
    answer = talk(engine, data, f"50 MB, {how}").answer
    assert (answer.status, answer.code) == (413, "WB-1005")
    assert listed(engine, message_of(answer)) == ("invalid", "WB-1005")


@pytest.mark.limit(60)
def test_a_stylesheet_that_never_ends_is_refused_at_its_deadline(engine: Process) -> None:
    runaway, other = order_id(), order_id()
    began = time.monotonic()
    assert engine.push("order", order_id=runaway, patient=uid("p"), name=NAME, fields=(("RISRDesc", "RUNAWAY"),)).ok
    assert engine.push("order", order_id=other, patient=uid("p"), name=NAME).ok
    engine.at(other, "Processing")  # meanwhile others pass
    row = until(lambda: next((row for row in engine.search(runaway) if row["state"] == "dead"), None), 20, "its end")
    spent = time.monotonic() - began
    print(f"the runaway ended after {spent:.1f} s")
    assert row is not None
    assert spent < 12
    groups = engine.browser.get("/api/v1/attention")["groups"]
    (mine,) = [group for group in groups if row["run_id"] in [item["run_id"] for item in group["items"]]]
    assert (mine["kind"], mine["code"], mine["step"]) == ("dead", "WB-2004", "order")


def pdf(objects: list[bytes]) -> bytes:
    """A PDF with these objects and a right cross-reference table; object 1 is the catalog."""
    out, offsets = bytearray(b"%PDF-1.5\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start, size = len(out), len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(out)


def bomb() -> bytes:
    """The pages stand in an object stream that unpacks to a gigabyte and a half."""
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(bytes(1 << 24)) for _ in range(96)) + packer.flush()
    head = b"%PDF-1.5\n"
    stream = b"<</Type /XRef /Size 9 /W [1 4 2] /Root 1 0 R /Filter /FlateDecode /Length %d>>\nstream\n" % len(data)
    return head + b"1 0 obj\n" + stream + data + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)


def long_to_read(pages: int) -> bytes:
    """Right in all its parts, and work for more seconds than a worker gets."""
    kids = b" ".join(b"%d 0 R" % number for number in range(3, pages + 3))
    tree = b"<</Type /Pages /Count %d /Kids [%b] /MediaBox [0 0 9 9]>>" % (pages, kids)
    page = b"<</Type /Page /Parent 2 0 R /More <<" + b"".join(b"/A%d [1 2 3]" % number for number in range(9)) + b">>>>"
    return pdf([b"<</Type /Catalog /Pages 2 0 R>>", tree] + [page] * pages)


HOSTILE = {
    "more pages than a worker can count": lambda: long_to_read(50_000),
    "pages that contain themselves": lambda: pdf(
        [b"<</Type /Catalog /Pages 2 0 R>>", b"<</Type /Pages /Kids [2 0 R 2 0 R] /Count 2000000000>>"]
    ),
    "a cross-reference that unpacks to a gigabyte": bomb,
    "a page tree of a hundred thousand levels": lambda: pdf(
        [b"<</Type /Catalog /Pages 2 0 R>>"]
        + [b"<</Type /Pages /Count 1 /Kids [%d 0 R]>>" % number for number in range(3, 100_002)]
        + [b"<</Type /Page>>"]
    ),
    "brackets without end": lambda: pdf([b"<</Type /Catalog /Pages " + b"[" * 400_000 + b"]" * 400_000 + b">>"]),
}


@pytest.mark.limit(90)
@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_pdf_that_is_an_attack_is_not_taken(engine: Process, name: str) -> None:
    """The worker that looks at it may die or be killed; the order waits on, and other reports are taken."""
    victim, other = order_id(), order_id()
    folders = {}
    for one in (victim, other):
        assert engine.push("order", order_id=one, patient=uid("p"), name=NAME).ok
        folders[one] = engine.peers.folders / str(engine.at(one, "Processing")["folder"])
    file = f"{uid()}.pdf"
    data = HOSTILE[name]()
    began = time.monotonic()
    (folders[victim] / file).write_bytes(data)
    (folders[other] / "ANS.pdf").write_bytes(report_bytes(other, "invented", "ANS"))
    engine.at(other, "Processed", 30)

    def shown() -> dict[str, Any] | None:
        rows = engine.browser.get("/api/v1/unmatched")["items"]
        return next((row for row in rows if row["path"].endswith(file)), None)

    row = until(shown, 30, "the file is listed")
    assert row is not None
    print(f"{name}: {row['state']}, {row['reason']}, after {time.monotonic() - began:.1f} s")
    assert row["state"] in ("incomplete", "unmatched")
    assert engine.at(victim, "Processing")["state"] == "waiting"
    (folders[victim] / "ANS.pdf").write_bytes(report_bytes(victim, "invented", "ANS"))
    engine.at(victim, "Processed", 30)


def workers(pid: int) -> list[int]:
    """The daemon's worker processes."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            with contextlib.suppress(FileNotFoundError):
                if b"engine.transform" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(int(child))
    return found


@pytest.mark.limit(60)
def test_a_report_whose_worker_dies_is_listed_and_stops_nobody(engine: Process) -> None:
    """A PDF that takes long to look at; its worker is killed meanwhile, as a crash in a library would end it."""
    victim, other = order_id(), order_id()
    assert engine.push("order", order_id=victim, patient=uid("p"), name=NAME).ok
    folder = engine.peers.folders / str(engine.at(victim, "Processing")["folder"])
    file = f"{uid()}.pdf"
    (folder / file).write_bytes(HOSTILE["more pages than a worker can count"]())

    def shown() -> dict[str, Any] | None:
        for worker in workers(engine.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        time.sleep(0.7)  # until the next ones have it in hand
        rows = engine.browser.get("/api/v1/unmatched")["items"]
        return next((row for row in rows if row["path"].endswith(file)), None)

    row = until(shown, 30, "the file is listed")
    assert row is not None
    print(f"{row['state']}: {row['reason']}")
    assert (row["state"], row["reason"].partition("WB-")[2][:4]) == ("incomplete", "2005")
    assert engine.push("order", order_id=other, patient=uid("p"), name=NAME).ok
    engine.at(other, "Processing")
    assert engine.at(victim, "Processing")["state"] == "waiting"


def test_no_bug_was_logged(engine: Process) -> None:
    """Nothing of all this is a defect of ours."""
    assert not re.findall(r"(?im)^.*(?:bug in |Traceback|Unhandled).*$", engine.log)
