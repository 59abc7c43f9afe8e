"""What Prometheus reads: checked with its own parser."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection, insert

from engine.channel import Health, HealthState
from engine.site.model import Connection as SiteConnection
from engine.site.model import Site
from engine.store.schema import pause
from tests.engine.ops import seed
from tests.web.api.world import World
from web.api import engine_connections
from web.api.metrics import Text, exposition

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Samples:
    """Every sample by its name and labels; a name twice would be lost, so their number is compared."""
    families = list(text_string_to_metric_families(text))
    found = {
        (sample.name, frozenset(sample.labels.items())): sample.value for one in families for sample in one.samples
    }
    assert len(found) == sum(not line.startswith("#") for line in text.splitlines())
    assert all(family.documentation for family in families)
    return found


def value(found: Samples, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


def test_every_family_is_read_by_the_real_parser(world: World) -> None:
    def rows(conn: Connection) -> None:
        seed.run(conn, seed.labels(), state="dead", step="send_back", since=seed.NOW - 9000)
        seed.run(conn, seed.labels(), state="ready", step="send_back", since=seed.NOW - 5000)
        row = {"kind": "connection", "name": "his_out", "state": "paused", "by": "op", "at": 5, "note": seed.NAME}
        conn.execute(insert(pause).values(row))

    world.write(rows)
    text = exposition(world.bridge)
    found = read(text)
    assert value(found, "waybill_connection_accepted_total", connection="his_out") == 1
    assert value(found, "waybill_connection_refused_total", connection="his_out") == 1
    assert value(found, "waybill_connection_repeats_total", connection="his_out") == 1
    assert value(found, "waybill_connection_sent_total", connection="his_out") == 2
    assert value(found, "waybill_connection_failed_total", connection="his_out") == 4
    assert value(found, "waybill_connection_queue", connection="his_out") == 1
    assert value(found, "waybill_connection_runs", connection="his_out", state="dead") == 1
    assert value(found, "waybill_connection_oldest_seconds", connection="his_out") == 5
    assert value(found, "waybill_connection_up", connection="his_out", type="soap_out") == 0
    assert value(found, "waybill_connection_health", connection="his_out", state="down") == 1
    assert value(found, "waybill_connection_health", connection="his_out", state="up") == 0
    assert value(found, "waybill_connection_paused", connection="his_out") == 1
    assert value(found, "waybill_runs", route="exam_report", state="dead") == 1
    assert value(found, "waybill_route_oldest_seconds", route="exam_report") == 9
    assert value(found, "waybill_writer_groups_total") >= 1
    assert value(found, "waybill_writer_operations_total") >= value(found, "waybill_writer_groups_total")
    assert value(found, "waybill_memory_pss_bytes") > 0
    for word in (seed.NAME, seed.NUMBER, "3125"):
        assert word not in text


def test_the_end_of_a_certificate_in_days(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    end = datetime.fromtimestamp(seed.NOW / 1000 + 10 * 86400, UTC)
    monkeypatch.setattr("channels._tls.material.expiry", lambda _tls: end)
    settings: Any = SimpleNamespace(tls=SimpleNamespace())
    site = Site(world.folder, {"mllp": SiteConnection("mllp", "mllp_in", settings)}, {}, {}, {}, {})
    world.bridge.site = site
    found = read(exposition(world.bridge))
    assert value(found, "waybill_certificate_days", connection="mllp") == 10


def test_what_cannot_be_read_has_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_tls: Any) -> datetime:
        raise FileNotFoundError

    monkeypatch.setattr("channels._tls.material.expiry", gone)
    connection = SiteConnection("gone", "mllp_in", SimpleNamespace(tls=SimpleNamespace(a=1)))
    assert engine_connections.certificate_ends(connection) is None


def test_labels_are_escaped() -> None:
    text = Text()
    text.family("a", "gauge", "of tests", [({"x": 'quote " slash \\ line \n end'}, 1.5)])
    assert value(read(text.done()), "a", x='quote " slash \\ line \n end') == 1.5


def test_five_hundred_connections_are_said_at_once(world: World) -> None:
    names = [f"c{number}" for number in range(500)]
    connections = {name: SiteConnection(name, "folder", SimpleNamespace()) for name in names}
    world.bridge.site = Site(world.folder, connections, {}, {}, {}, {})
    world.runtime.said = {name: Health(HealthState.UP) for name in names}
    begun = time.process_time()
    found = read(exposition(world.bridge))
    assert sum(name == "waybill_connection_queue" for name, _ in found) == 500
    assert time.process_time() - begun < 3  # 0.3 on a quiet machine, most of it the parser
