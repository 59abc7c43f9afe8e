"""The signing jobs and the payload codec in real worker processes: what goes in and out survives the pipe."""

from __future__ import annotations

import base64
import json

import pytest

from engine.message import Refused
from engine.transform.codec import Decoded, Sign
from engine.transform.pdf import Box
from engine.transform.pool import Pool
from signing.gate import GateResult
from simulators.report import KEYWORD
from tests.signing.desk import Desk


@pytest.mark.limit(40)
async def test_inspected_placed_and_verified_in_the_heavy_worker(desk: Desk, pool: Pool) -> None:
    sent = desk.folder / "sent.pdf"
    sent.write_bytes(desk.sent)
    assert await pool.run("signing.intake:inspect", str(sent), heavy=True) == []
    box = await pool.run("signing.seal:place", str(sent), KEYWORD, 80.0, 0.0, heavy=True)
    assert isinstance(box, Box)
    with pytest.raises(Refused, match="WB-4052"):
        await pool.run("signing.seal:place", str(sent), "no such word", 80.0, heavy=True)
    result = await pool.run("signing.gate:verify", str(sent), str(sent), desk.policy, heavy=True)
    assert isinstance(result, GateResult)
    assert not result.accepted


async def test_payloads_are_coded_in_a_light_worker(desk: Desk, pool: Pool) -> None:
    source, target = desk.folder / "report.pdf", desk.folder / "body.json"
    source.write_bytes(desk.sent)
    size = await pool.run("engine.transform.codec:write_json", str(target), {"a": 1}, {"f": str(source)}, Sign(b"k"))
    assert size == target.stat().st_size
    assert base64.b64decode(json.loads(target.read_bytes())["f"]) == desk.sent
    answer = await pool.run("engine.transform.codec:read_json", str(target), str(desk.folder), ("f",))
    assert isinstance(answer["f"], Decoded)
    assert answer["f"].size == len(desk.sent)
    assert await pool.run("engine.transform.pdf:complete", str(source)) == ""
