"""What `/metrics` says, in Prometheus's text format. Labels are names from the site, never values of a message.

All of it comes from the dashboard that is made once a second anyway, so that looking often costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from web.api.bridge import Bridge
from web.api.dashboard import dashboard
from web.api.engine_connections import certificate_ends
from web.api.models_engine import ConnectionRow, Dashboard, RouteRow

STATES = ("ready", "running", "waiting", "held", "dead")
HEALTH = ("starting", "up", "degraded", "down", "stopped")
DAY = 86_400

Sample = tuple[Mapping[str, str], float]


def exposition(bridge: Bridge) -> str:
    """All metrics of the engine."""
    made = dashboard(bridge)
    text = Text()
    _engine(text, bridge, made)
    now = bridge.now()
    _connections(text, made.connections, now)
    _certificates(text, bridge, now)
    _routes(text, made.routes, now)
    return text.done()


class Text:
    """The format: a family of samples under its help and type."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def family(self, name: str, kind: str, means: str, samples: Iterable[Sample]) -> None:
        self._lines += [f"# HELP {name} {means}", f"# TYPE {name} {kind}"]
        self._lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in samples]

    def one(self, name: str, kind: str, means: str, value: float) -> None:
        self.family(name, kind, means, [({}, value)])

    def done(self) -> str:
        return "\n".join(self._lines) + "\n"


def _engine(text: Text, bridge: Bridge, made: Dashboard) -> None:
    engine = made.engine
    groups, operations = bridge.store.written()
    text.one("waybill_memory_pss_bytes", "gauge", "Memory of the engine and its workers", engine.pss_mb * 1024 * 1024)
    text.one("waybill_queue", "gauge", "Messages and runs in memory", engine.queue)
    text.one("waybill_writer_queue", "gauge", "Operations that wait for the writer", engine.writer_queue)
    text.one("waybill_writer_groups_total", "counter", "Transactions of the writer", groups)
    text.one("waybill_writer_operations_total", "counter", "Operations in those transactions", operations)
    text.one("waybill_wal_bytes", "gauge", "Size of the write-ahead log", engine.wal_bytes)
    text.one("waybill_workers", "gauge", "Worker processes", engine.workers)
    text.one("waybill_workers_ready", "gauge", "Light workers that take jobs", getattr(bridge.workers, "ready", 0))
    text.one("waybill_bugs_total", "counter", "Defects met by a step", bridge.runtime.counters().get("bugs", 0))
    text.one("waybill_started_seconds", "gauge", "When the engine started, in seconds since 1970",
             bridge.started_at / 1000)  # fmt: skip


def _connections(text: Text, rows: list[ConnectionRow], now: int) -> None:
    def per(value: str) -> list[Sample]:
        return [({"connection": row.name}, getattr(row, value)) for row in rows]

    text.family("waybill_connection_up", "gauge", "1 while the connection is up",
                [({"connection": row.name, "type": row.type}, int(row.state == "up")) for row in rows])  # fmt: skip
    health = [({"connection": row.name, "state": state}, int(row.state == state)) for row in rows for state in HEALTH]
    text.family("waybill_connection_health", "gauge", "1 at the state that the connection is in", health)
    accepted = [({"connection": row.name}, row.in_ - row.refused - row.repeats) for row in rows]
    text.family("waybill_connection_accepted_total", "counter", "Messages taken in for the first time", accepted)
    text.family("waybill_connection_refused_total", "counter", "Messages refused with an answer", per("refused"))
    text.family("waybill_connection_repeats_total", "counter", "Messages that were sent again", per("repeats"))
    text.family("waybill_connection_sent_total", "counter", "Calls that the peer answered", per("out"))
    text.family("waybill_connection_failed_total", "counter", "Calls that went wrong", per("failed"))
    text.family("waybill_connection_queue", "gauge", "Runs that are to go through this connection", per("waiting"))
    runs = [({"connection": row.name, "state": state}, row.counts.get(state, 0)) for row in rows for state in STATES]
    text.family("waybill_connection_runs", "gauge", "Unfinished runs at this connection's steps", runs)
    ages = [({"connection": row.name}, _age(row.oldest, now)) for row in rows]
    text.family("waybill_connection_oldest_seconds", "gauge", "Age of the oldest in the queue", ages)
    paused = [({"connection": row.name}, int(row.pause is not None)) for row in rows]
    text.family("waybill_connection_paused", "gauge", "1 while somebody has paused or stopped it", paused)


def _certificates(text: Text, bridge: Bridge, now: int) -> None:
    connections = bridge.site.connections.items() if bridge.site is not None else ()
    ends = [(name, certificate_ends(one)) for name, one in connections]
    days = [
        ({"connection": name}, round((end.timestamp() - now / 1000) / DAY, 2)) for name, end in ends if end is not None
    ]
    text.family("waybill_certificate_days", "gauge", "Days until the connection's own certificate ends", days)


def _routes(text: Text, rows: list[RouteRow], now: int) -> None:
    runs = [({"route": row.name, "state": state}, getattr(row, state)) for row in rows for state in STATES]
    text.family("waybill_runs", "gauge", "Unfinished runs", runs)
    taken = [({"route": row.name}, row.in_) for row in rows]
    text.family("waybill_route_received_total", "counter", "Messages that came for this route", taken)
    ended = [({"route": row.name}, row.done_today) for row in rows]
    text.family("waybill_route_ended_total", "counter", "Runs that ended", ended)
    ages = [({"route": row.name}, _age(row.oldest, now)) for row in rows]
    text.family("waybill_route_oldest_seconds", "gauge", "Age of the oldest unfinished run", ages)
    paused = [({"route": row.name}, int(row.pause is not None)) for row in rows]
    text.family("waybill_route_paused", "gauge", "1 while somebody has paused or stopped it", paused)


def _age(since: str | None, now: int) -> float:
    if since is None:
        return 0
    return max(0.0, round(now / 1000 - datetime.fromisoformat(since).timestamp(), 1))


def _labels(given: Mapping[str, str]) -> str:
    if not given:
        return ""
    return "{" + ",".join(f'{key}="{_escaped(value)}"' for key, value in given.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
