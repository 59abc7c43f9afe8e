"""A planted difference of one field in one of many stored messages: `python -m bench.rehearse [MESSAGES]` (10,000).

Half of them are XML through a stylesheet, half HL7 through a mapping table. All go through the real engine first; then
the copy of the site, with one character of one patient written otherwise, is rehearsed on all of them.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults
from twisted.internet.task import deferLater

from engine.cli import _office
from engine.cli._progress import Progress
from engine.registry import Registry
from engine.rehearsal.groups import Rehearsal
from engine.rehearsal.record import Selection
from engine.rehearsal.rehearse import Plan, rehearse
from engine.site.load import load_site
from engine.wiring import Daemon, Options

SITE = """
connections:
  xml_in: {type: memory_in}
  hl7_in: {type: memory_in, content_type: application/hl7-v2}
  peer: {type: memory_out, repeat: same, keep: 1}
policies: {default: {first: 20ms, max: 1s, give_up: 5s}}
routes:
  orders:
    receive: {from: xml_in, operation: order, identity: [//id]}
    labels: {id: {path: //id}, name: {path: //name, phi: true}}
    steps:
      - {id: made, transform: {xslt: transforms/made.xsl}}
      - {id: out, call: {to: peer, operation: send, body: $(made)}}
  patients:
    receive: {from: hl7_in, operation: adt, identity: [MSH-10]}
    labels: {id: {path: PID-3.1}, name: {path: PID-5.1, phi: true}}
    steps:
      - {id: made, transform: {map: transforms/made.yaml}}
      - {id: out, call: {to: peer, operation: send, body: $(made)}}
"""
SHEET = """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/run"><sent run="{@id}" at="{@at}"><id><xsl:value-of select="body//id"/></id>
<name><xsl:value-of select="translate(body//name, '#', '#')"/></name></sent></xsl:template></xsl:stylesheet>"""
TABLE = "id: {from: $(body/PID-3.1)}\nname: {from: $(body/PID-5.1)}\nborn: {from: $(body/PID-7)}\n"


def xml(number: int, planted: bool) -> bytes:
    """An invented order."""
    name = "Planted#" if planted else f"Invented {number}"
    return f"<order><id>{number}</id><name>{name}</name>{'<row>0123456789</row>' * 40}</order>".encode()


def hl7(number: int) -> bytes:
    """An invented registration."""
    lines = (
        f"MSH|^~\\&|A|B|C|D|20260101||ADT^A08|M{number}|P|2.5",
        f"PID|1||{number}^^^X||Invented{number}^Given||19700101|F",
    )
    return ("\r".join(lines) + "\r").encode()


def write(folder: Path) -> Path:
    """The site."""
    (folder / "transforms").mkdir(parents=True)
    (folder / "routes.yaml").write_text(SITE, "utf-8")
    (folder / "transforms" / "made.xsl").write_text(SHEET, "utf-8")
    (folder / "transforms" / "made.yaml").write_text(TABLE, "utf-8")
    return folder


async def play(reactor: Any, site: Path, count: int) -> None:
    """All of them through the real engine."""
    daemon = Daemon(reactor, Options(site, site / "var", web="", durable=False))
    await daemon.start()
    turns = DeferredSemaphore(32)
    try:
        with Progress("storing") as bar:
            for piece in _pieces(count, 500):
                works = [turns.run(partial(_put, daemon, number, count)) for number in piece]
                await gatherResults(works, consumeErrors=True)
                bar(piece[-1] + 1, count)
        while daemon.store.read_now(_moving):
            await deferLater(reactor, 0.05, lambda: None)
        failed = daemon.store.read_now(_failed)
        if failed:
            raise SystemExit(f"{failed} messages did not arrive: the measurement would be of something else")
    finally:
        await daemon.stop()


def _pieces(count: int, size: int) -> Iterator[range]:
    return (range(at, min(at + size, count)) for at in range(0, count, size))


def _moving(conn: Any) -> int:
    query = "SELECT count(*) FROM run WHERE state IN ('ready', 'running', 'waiting')"
    return int(conn.exec_driver_sql(query).scalar())


def _failed(conn: Any) -> int:
    return int(conn.exec_driver_sql("SELECT count(*) FROM run WHERE state != 'done'").scalar())


def _put(daemon: Daemon, number: int, count: int) -> Deferred[Any]:
    channels: Any = daemon.channels
    if number % 2:
        return Deferred.fromCoroutine(channels["hl7_in"].put("adt", hl7(number)))
    planted = number == count * 2 // 3 // 2 * 2
    return Deferred.fromCoroutine(channels["xml_in"].put("order", xml(number, planted)))


async def measured(reactor: Any, folder: Path, count: int) -> Rehearsal:
    """Store, edit, rehearse."""
    site, new = write(folder / "site"), folder / "new"
    began = time.perf_counter()
    await play(reactor, site, count)
    print(f"{count:,} messages stored in {time.perf_counter() - began:.0f} s")
    shutil.copytree(site, new, ignore=shutil.ignore_patterns("var"))
    (new / "transforms" / "made.xsl").write_text(SHEET.replace("'#', '#'", "'#', '*'"), "utf-8")
    # Another text that says the same: every HL7 message is compared, too.
    (new / "transforms" / "made.yaml").write_text(TABLE.replace("$(body/PID-7)", "$(body/PID-7.1)"), "utf-8")
    registry = Registry()
    plan = Plan(load_site(new, registry), registry, site / "var", Selection(), partial(_office.read, site / "var"))
    with Progress("rehearsing") as bar:
        return await rehearse(reactor, plan, bar)


def main(words: list[str]) -> int:
    """0 when exactly the planted difference was found."""
    from engine.cli.test import in_reactor
    from engine.rehearsal import report

    count = int(words[0]) if words else 10_000
    with tempfile.TemporaryDirectory(prefix="waybill-rehearse-") as folder:
        result: Rehearsal = in_reactor(lambda reactor: measured(reactor, Path(folder), count))
    print(report.text(result, opened=True), end="")
    places = [group.place for group in result.groups.values()]
    good = places == [("orders", "out", "call", "peer send", "body/sent/name", "changed")] and result.different == 1
    print("exactly the planted difference" if good else "NOT the planted difference alone")
    return 0 if good and result.compared == count else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
