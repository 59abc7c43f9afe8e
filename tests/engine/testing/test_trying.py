"""One step on one message, without any effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.message import Value
from engine.store.blobs import Blobs
from engine.testing.trying import Bench, Subject, Tried, TwoBlobs, attempt
from tests.engine.testing.bench import house, reactor

SITE = """
connections:
  source: {type: memory_in}
  peer: {type: memory_out}
  share: {type: folder, path: share}
routes:
  r:
    receive: {from: source, operation: order}
    labels: {id: {path: //id}}
    steps:
      - {id: parts, split: {by: //order, identity: [./id]}}
      - {id: checked, check: {xsd: transforms/order.xsd}}
      - {id: small, when: {path: //id, is: '2'}, set: {values: {copy: $(body//id)}, labels: {id: 'n$(body//id)'}}}
      - {id: out, call: {to: peer, operation: send, body: 'no $(copy)'}}
      - {id: asked, wait: {for: poll, call: {to: peer, operation: find, body: $(out/n)}, every: 1m}}
      - {id: came, wait: {for: file, in: share, path: '$(body//id)/x', until: 2h}}
      - {id: told, signal: {route: r, labels: {id: $(body//id)}, do: wake, if_none: done}}
"""
XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="orders"><xs:complexType><xs:sequence>
<xs:element name="order" maxOccurs="9"><xs:complexType><xs:sequence><xs:element name="id" type="xs:int"/></xs:sequence>
</xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>"""
BODY = b"<orders><order><id>1</id></order><order><id>2</id></order></orders>"


async def tried(folder: Path, step: str, body: bytes = BODY, part: int = 1, **values: Value) -> Tried:
    made = house(folder, SITE, order__xsd=XSD)
    bench: Any = Bench(reactor, made.site, made.registry, made.pool, Blobs(folder / "blobs"))
    route = made.site.routes["r"]
    return await attempt(bench, route, route.step(step), Subject(dict(values), (body, "application/xml"), None, part))


async def test_a_split_shows_its_parts(tmp_path: Path):
    done = await tried(tmp_path, "parts")
    assert [title for title, _ in done.shown] == ['part 1: ["1"]; id = 1', 'part 2: ["2"]; id = 2']
    assert "<id>1</id>" in done.shown[0][1]


async def test_what_only_computes_is_done_before_the_step(tmp_path: Path):
    done = await tried(tmp_path, "out", part=2)
    assert done.shown == [("would be sent to peer, operation send", ""), ("  body", "no 2")]
    assert not done.error
    first = await tried(tmp_path, "out")
    assert first.error == "WB-2001 the path $(copy) finds nothing", "the first part is skipped at `small`"


async def test_a_value_that_is_given_counts(tmp_path: Path):
    assert ("  body", "no given") in (await tried(tmp_path, "out", copy="given")).shown
    done = await tried(tmp_path, "asked", out={"n": 5})
    assert done.shown == [("would be sent to peer, operation find", ""), ("  body", "5")]
    assert done.absent == []
    assert (await tried(tmp_path, "told")).absent == ["out", "asked", "came"]


async def test_conditions_labels_and_values(tmp_path: Path):
    done = await tried(tmp_path, "small", part=2)
    assert done.when is True
    assert done.shown == [("value copy", "2"), ("label id", "n2")]
    assert (await tried(tmp_path, "small")).when is False


async def test_every_finding_of_a_check(tmp_path: Path):
    good = await tried(tmp_path, "checked")
    assert good.shown == [("good", "no finding")]
    bad = await tried(tmp_path, "checked", b"<orders><order><id>x</id></order><order><id>y</id></order></orders>")
    assert bad.error.startswith("WB-1007")


async def test_a_wait_for_a_file_and_a_signal_show_their_texts(tmp_path: Path):
    assert ("path", "1/x") in (await tried(tmp_path, "came")).shown
    assert ("labels.id", "1") in (await tried(tmp_path, "told")).shown


async def test_a_body_that_cannot_be_read(tmp_path: Path):
    assert (await tried(tmp_path, "parts", b"<a>")).error.startswith("WB-1001")


def test_documents_are_read_from_the_store_and_never_written_there(tmp_path: Path):
    stored = Blobs(tmp_path / "stored", durable=False)
    old = stored.put(b"old")
    both = TwoBlobs(tmp_path / "own", tmp_path / "stored")
    new = both.put(b"new")
    assert (both.read(old), both.read(new)) == (b"old", b"new")
    assert both.path(old) == stored.path(old)
    assert not stored.path(new).exists()
