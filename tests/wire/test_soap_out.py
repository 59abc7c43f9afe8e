"""`soap_out` and `soap_in` with the HIS simulator in a process of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from channels import soap_in, soap_out
from engine.channel import HealthState
from engine.message import InDoubt, Reply, Request, Response, Unavailable, Xml
from engine.site.settings import Duration, Listen
from simulators.his_push import KINDS, push
from tests.contracts.base import sleep
from tests.contracts.fakes import FakeInbox, World, make_world

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 2000
DOCUMENT = """<Request><Header><SourceSystem>SWFK</SourceSystem><MessageID>M1</MessageID></Header><Body>
<RegisterDocumentRt><OrganizationCode>DEMO01</OrganizationCode><PATPatientID>0009000001</PATPatientID>
<PATPatientName>试验甲</PATPatientName><PAADMVisitNumber>900000011</PAADMVisitNumber><DocumentType>02001</DocumentType>
<DocumentID>D1</DocumentID>
<DocumentContent><wb:blob xmlns:wb="urn:waybill" name="signed" as="base64"/></DocumentContent>
<DocumentPath>http://127.0.0.1:8080/d/D1</DocumentPath><DocumentPicPath>http://127.0.0.1:8080/d/D1.png</DocumentPicPath>
<UpdateUserCode>D9001</UpdateUserCode><UpdateDate>2026-11-20</UpdateDate><UpdateTime>11:30:00</UpdateTime>
</RegisterDocumentRt></Body></Request>"""


class Hospital:
    """The simulator's process and its log."""

    def __init__(self, folder: Path, port: int, *words: str) -> None:
        self.log = folder / "his.jsonl"
        self.out = folder / "out"
        command = [sys.executable, "-m", "simulators.his", "--port", str(port)]
        command += ["--log", str(self.log), "--out", str(self.out), *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def wait_ready(self) -> int:
        """Blocking: the port that it listens on."""
        assert self.process.stdout is not None
        return int(self.process.stdout.readline().split()[1])

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def effects(self) -> list[str]:
        """Document ids that were accepted, from the log alone."""
        lines = self.log.read_text("utf-8").splitlines() if self.log.exists() else []
        return [entry["document_id"] for entry in map(json.loads, lines) if entry["accepted"]]


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path)


@pytest.fixture(name="start")
def fixture_start(tmp_path: Path) -> Iterator[Callable[..., Hospital]]:
    """`start(port, *words)`: a simulator that ends with the test."""
    started: list[Hospital] = []

    def start(port: int, *words: str) -> Hospital:
        started.append(Hospital(tmp_path, port, *words))
        return started[-1]

    yield start
    for hospital in started:
        hospital.end()


@asynccontextmanager
async def sending(world: World, port: int, **settings: Any) -> AsyncIterator[soap_out.Channel]:
    channel = soap_out.Channel("out", soap_out.Settings(url=f"http://127.0.0.1:{port}/his", **settings), world.services)
    await channel.start()
    try:
        yield channel
    finally:
        await channel.stop()


def request(world: World, text: str = DOCUMENT) -> Request:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return Request("RegisterDocumentRt", {"body": Xml(text.encode())}, "k", at, blobs={"signed": world.blobs.put(PDF)})


def result(response: Response) -> bytes:
    assert isinstance(response.value, Xml)
    return response.value.data


async def test_a_document_arrives_whole_and_a_refusal_is_read(world: World, start: Callable[..., Hospital]) -> None:
    hospital = start(0)
    port = await deferToThread(hospital.wait_ready)
    for settings in ({"payload": "cdata"}, {"soap_version": "1.2", "envelope": "operation"}):
        async with sending(world, port, **settings) as channel:
            assert b"<ResultCode>0</ResultCode>" in result(await channel.call(request(world)))
            refused = await channel.call(request(world, DOCUMENT.replace("2026-11-20", "20261120")))
            assert b"<ResultCode>-1</ResultCode>" in result(refused)
            assert (await channel.probe()).state is HealthState.UP
    assert hospital.effects() == ["D1", "D1"]
    assert (hospital.out / "D1.pdf").read_bytes() == PDF


@pytest.mark.parametrize("words", [("--hang", "1"), ("--kill-after-effect", "1")])
async def test_an_effect_without_an_answer_is_in_doubt(
    world: World, start: Callable[..., Hospital], words: tuple[str, ...]
) -> None:
    hospital = start(0, *words)
    port = await deferToThread(hospital.wait_ready)
    async with sending(world, port, timeout=Duration(1)) as channel:
        with pytest.raises(InDoubt, match="WB-3002"):
            await channel.call(request(world))
        assert hospital.effects() == ["D1"]
        assert world.state is HealthState.DEGRADED
        if "--hang" not in words:
            assert await deferToThread(hospital.process.wait, 5) == -signal.SIGKILL
            with pytest.raises(Unavailable, match="connection refused"):
                await channel.call(request(world))


async def test_a_peer_that_was_restarted_is_found_again_and_nothing_is_in_doubt(
    world: World, start: Callable[..., Hospital]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    first = start(port, "--dedupe")
    await deferToThread(first.wait_ready)
    async with sending(world, port) as channel:
        await channel.call(request(world))
        first.end()
        # The reactor sees that the kept connection is closed; a call in the same turn would be in doubt.
        await sleep(world.services.reactor, 0.05)
        with pytest.raises(Unavailable):
            await channel.call(request(world))
        second = start(port, "--dedupe")
        await deferToThread(second.wait_ready)
        assert b"<ResultCode>0</ResultCode>" in result(await channel.call(request(world)))
    assert second.effects() == ["D1"], "the second time it was known"


@pytest.mark.parametrize("soap", ["1.1", "1.2"])
@pytest.mark.parametrize("kind", ["order", "update", "patient", "registry"])
async def test_what_the_his_pushes_is_taken_in_both_envelopes(world: World, kind: str, soap: str) -> None:
    received = frozenset({"AddRisAppBillRt", "UpdateOrdersRt", "PatientRegistryRt", "RisRegistry"})
    codes = {"MES0138": "AddRisAppBillRt", "MES0169": "UpdateOrdersRt", "MES0201": "PatientRegistryRt"}
    inbox = FakeInbox(received)
    inbox.outcome = Reply("accepted", "m", b"<Response><Body><ResultCode>0</ResultCode></Body></Response>")
    listen = Listen("127.0.0.1", 0)
    hip = soap_in.Channel("his_in", soap_in.Settings(listen=listen, operations=codes), world.services)
    single = soap_in.Settings(listen=listen, path="/his/operation", envelope="operation")
    operation = soap_in.Channel("his_op", single, world.services)
    for channel in (hip, operation):
        await channel.start(inbox)
    for channel, envelope in ((hip, "hip"), (operation, "operation")):
        url = f"http://127.0.0.1:{channel.port}{channel.settings.path}"
        (pushed,) = await deferToThread(push, kind, url, envelope=envelope, soap=soap)
        assert pushed.ok, pushed
    for channel in (hip, operation):
        await channel.stop()
    assert [incoming.operation for incoming in inbox.accepted] == [KINDS[kind][0]] * 2
    assert not inbox.rejected
