"""What the HIS pushes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from lxml import etree

from simulators.his_push import KINDS, Message, build, push
from simulators.his_soap import read_call, write_answer


def texts(xml: str, name: str) -> list[str]:
    return [element.text or "" for element in etree.fromstring(xml).iter(name)]


@pytest.mark.parametrize("layout", ["a", "b"])
def test_an_order_gets_its_ids(layout: str) -> None:
    xml = build(Message("order", layout, patient="P1", order_id="77||5", message_id="M1", items=2))
    assert texts(xml, "OEORIOrderItemID") == ["77||5", "77||5.2"]
    assert texts(xml, "RISRExamID") == ["77-5", "77-5.2"]
    assert texts(xml, "PATPatientID") == ["P1"]
    assert texts(xml, "MessageID") == ["M1"]
    assert len(texts(xml, "OrderList")) == (2 if layout == "a" else 1)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_names_its_operation(kind: str) -> None:
    xml = build(Message(kind, order_id="1||2", fields=(("UpdateDate", "2030-01-02"),)))
    assert texts(xml, KINDS[kind][0])
    assert "2030-01-02" in xml


class Peer(ThreadingHTTPServer):
    statuses: list[int]
    seen: list[str]


@pytest.fixture(name="peer")
def fixture_peer() -> Iterator[Peer]:
    """An HTTP server that answers with the statuses that the test gives, then 200."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            call = read_call(self.rfile.read(int(self.headers["Content-Length"])))
            peer.seen.append(call.text("MessageID"))
            body = write_answer(call, "0", "fine")
            self.send_response(peer.statuses.pop(0) if peer.statuses else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    peer = Peer(("127.0.0.1", 0), Handler)
    peer.statuses, peer.seen = [], []
    thread = threading.Thread(target=peer.serve_forever, args=(0.01,))
    thread.start()
    yield peer
    peer.shutdown()
    thread.join()
    peer.server_close()


def test_many_over_several_connections(peer: Peer) -> None:
    url = f"http://127.0.0.1:{peer.server_address[1]}/his"
    answers = push("order", url, count=7, connections=3, message_id="M", order_id="1||1")
    assert all(answer.ok for answer in answers)
    assert sorted(peer.seen) == ["M", *(f"M-{number}" for number in range(2, 8))]
    assert [answer.order_id for answer in answers] == ["1||1", *(f"1||1-{number}" for number in range(2, 8))]


def test_busy_is_sent_again_and_nobody_there_is_told(peer: Peer) -> None:
    url = f"http://127.0.0.1:{peer.server_address[1]}/his"
    peer.statuses = [503]
    assert push("update", url, retry=5)[0].ok
    assert len(peer.seen) == 2
    peer.statuses = [503]
    assert push("update", url)[0].http == 503
    assert push("order", "http://127.0.0.1:1/his")[0].http == 0
