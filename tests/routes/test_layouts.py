"""Orders in both layouts and both envelopes: one run for each item, each with its own patient."""

from __future__ import annotations

import pytest

from tests.routes.site import Site, order_id, uid


@pytest.mark.parametrize("envelope", ["hip", "operation"])
async def test_an_order_goes_all_the_way(site: Site, envelope: str) -> None:
    order, patient = order_id(), uid("P")
    pushed = await site.push("order", envelope, order_id=order, patient=patient, name="试验甲")
    assert (pushed.http, pushed.result) == (200, "0")
    await site.at(order, "Processing")
    site.report(order)
    await site.at(order, "Processed")
    await site.signed(order)
    await site.sent(order)
    assert len(site.peers.accepted(order)) == 1
