"""An order as JSON over HTTP takes the route of the SOAP one: the same schema, labels, split, and identity."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from lxml import etree
from twisted.internet.threads import deferToThread

from tests.routes.site import Site, message_xml, order_id, uid


def as_json(element: etree._Element) -> Any:
    """XML as the JSON that becomes it: children by name, a list where a name comes again."""
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        name = str(child.tag)
        if name in found:
            before = found[name] if isinstance(found[name], list) else [found[name]]
            found[name] = [*before, as_json(child)]
        else:
            found[name] = as_json(child)
    return found


def posted(url: str, body: bytes) -> tuple[int, str, bytes]:
    """Blocking, with a client that is not ours: status, content type, body."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json; charset=utf-8"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read()


async def sent(site: Site, order: Any) -> tuple[int, str, bytes]:
    url = f"http://127.0.0.1:{site.daemon.channels['http_orders'].port}/orders"
    body = order if isinstance(order, bytes) else json.dumps(order, ensure_ascii=False).encode()
    return await deferToThread(posted, url, body)


def result(answer: tuple[int, str, bytes]) -> str:
    return etree.fromstring(answer[2]).findtext(".//ResultCode") or ""


async def test_an_order_as_json_takes_the_same_route(site: Site) -> None:
    item, patient = order_id(), uid("p")
    xml = message_xml("order", order_id=item, patient=patient, name="试验丙")
    order = as_json(etree.fromstring(xml.encode()))
    first = await sent(site, order)
    assert (first[0], result(first)) == (200, "0")
    run = await site.at(item, "Processing")
    labels = site.labels(run["seq"])
    assert (labels["order_id"], labels["patient_id"], labels["name"]) == (item, patient, "试验丙")
    (row,) = site.peers.rows(item)
    assert row["ClientFirstName"] == "试验丙"
    again = await sent(site, order)
    assert again == first, "the same identity gets the same reply"
    assert len(site.runs_of(item)) == 1
    changed = json.loads(json.dumps(order).replace(patient, uid("p")))
    conflict = await sent(site, changed)
    assert (conflict[0], result(conflict)) == (409, "-1")


async def test_what_breaks_the_schema_or_is_no_json(site: Site) -> None:
    item = order_id()
    order = as_json(etree.fromstring(message_xml("order", order_id=item, patient=uid("p"), name="植入甲").encode()))
    del order["Header"]["MessageID"]
    status, content_type, body = await sent(site, order)
    assert (status, content_type.split(";")[0]) == (422, "application/xml")
    assert b"WB-1007" in body
    assert b"MessageID" in body
    assert "植入甲".encode() not in body
    status, _, body = await sent(site, b'{"Header": ')
    assert status == 400
    assert b"WB-1016" in body
    assert not site.runs_of(item)
