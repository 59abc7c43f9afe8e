"""The demonstration's report flow with the device's database and folders behind a real agent."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.threads import deferToThread

from engine.channel import HealthState
from simulators.report import report_bytes
from tests.contracts.agent_peer import AgentProcess
from tests.routes.site import Site, order_id

FAR = "agent: {url: 'https://127.0.0.1:%d', secret: {secret: agent_secret}, tls: {ca: tls/agent.pem}}, timeout: 20s"


def agent_for(folder: Path) -> AgentProcess:
    demo = folder / "site" / "var" / "demo"
    serve = (
        f"  device_db: {{type: access, driver: SQLite3, file: {demo / 'device.sqlite'}}}\n"
        f"  device_dir: {{type: folder, path: {demo / 'PatientData'}, settle: 100ms, poll: 50ms}}\n"
    )
    return AgentProcess(folder / "agent", serve)


def site_behind(agent: AgentProcess, folder: Path) -> Site:
    """The demonstration site, which reaches its device through the agent alone."""
    far = FAR % agent.port
    changes = {
        "driver: SQLite3, file: var/demo/device.sqlite, max_in_flight: 1": far,
        "path: var/demo/PatientData, settle: 100ms, poll: 50ms": far,
    }
    site = Site(folder, changes)
    (folder / "tls").mkdir()
    (folder / "tls" / "agent.pem").write_text(agent.pairing.certificate)
    (folder / "secrets" / "agent_secret").touch(0o600)
    (folder / "secrets" / "agent_secret").write_text(agent.pairing.secret)
    return site


@pytest.mark.limit(150)
async def test_an_order_goes_all_the_way_through_an_agent_that_is_started_anew_on_the_way(tmp_path: Path) -> None:
    agent = await deferToThread(agent_for(tmp_path).start)
    site = site_behind(agent, tmp_path / "site")
    site.peers.folders.mkdir(parents=True, exist_ok=True)
    order = order_id()
    try:
        await site.start()
        await site.push("order", order_id=order, patient="p-agent")
        await site.at(order, "Processing", seconds=60)
        assert len(site.peers.rows(order)) == 1
        folder = site.folder(order)
        assert folder.parts[-3:-1] == ("PatientData", "p-agent")

        agent.kill()
        data = report_bytes(order, "invented", "ANS")
        (folder / "ANS.pdf").write_bytes(data)
        await site.until(lambda: site.daemon.runtime.health()["device_dir"].state is HealthState.DOWN, 60)
        await deferToThread(agent.start)

        await site.at(order, "Processed", seconds=60)
        await site.signed(order)
        await site.sent(order)
        assert len(site.peers.accepted(order)) == 1
        await site.until(lambda: (folder / ".done" / "ANS.pdf").exists(), 30)
        assert (folder / ".done" / "ANS.pdf").read_bytes() == data
        assert not (folder / "ANS.pdf").exists()
    finally:
        await site.stop()
        agent.stop()
