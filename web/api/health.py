"""`/health/live`, `/health/ready`, `/metrics`: for machines; no session, no patient's data."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from web.api import models
from web.api.dashboard import dashboard
from web.api.guard import Engine, address_of, need
from web.api.problems import Denied

router = APIRouter(tags=["health"])

LOOPBACK = ("127.0.0.1", "::1")


@router.get("/health/live")
async def get_live() -> models.Live:
    """The process answers. Touches neither the store nor a thread."""
    return models.Live(status="alive")


@router.get("/health/ready", responses={503: {"model": models.Ready}})
def get_ready(bridge: Engine, response: Response) -> models.Ready:
    """The engine takes messages: the store reads, a site is loaded, nothing is stopping."""
    reasons = []
    if bridge.closing:
        reasons.append("stopping")
    if bridge.site is None:
        reasons.append("no site is loaded")
    try:
        bridge.read(lambda conn: conn.exec_driver_sql("SELECT 1").scalar())
    except Exception as error:  # noqa: BLE001 - whatever the store raises, the answer is the same
        reasons.append(f"the store does not read: {type(error).__name__}")
    response.status_code = 503 if reasons else 200
    return models.Ready(ready=not reasons, reasons=reasons)


def _from_here_or_engine(request: Request) -> None:
    """A scraper on this machine, or a person with the right `engine`."""
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if address_of(request) not in LOOPBACK or forwarded:
        need("engine")(request)


@router.get("/metrics", response_class=Response)
def get_metrics(bridge: Engine, _: Annotated[None, Depends(_from_here_or_engine)]) -> Response:
    """Prometheus text. Label values are names from the site, never values from a message."""
    if bridge.closing:
        raise Denied(503, "WB-1012", "The engine is stopping.")
    return Response(metrics(dashboard(bridge)), media_type="text/plain; version=0.0.4; charset=utf-8")


def metrics(made: models.Dashboard) -> str:
    """The dashboard as metrics."""
    lines: list[str] = []
    engine = made.engine
    _metric(lines, "waybill_memory_pss_bytes", "gauge", [("", int(engine.pss_mb * 1024 * 1024))])
    _metric(lines, "waybill_queue", "gauge", [("", engine.queue)])
    _metric(lines, "waybill_writer_queue", "gauge", [("", engine.writer_queue)])
    _metric(lines, "waybill_wal_bytes", "gauge", [("", engine.wal_bytes)])
    _metric(lines, "waybill_workers", "gauge", [("", engine.workers)])
    states = ("ready", "running", "waiting", "held", "dead")
    runs = [(_labels(route=row.name, state=state), getattr(row, state)) for row in made.routes for state in states]
    _metric(lines, "waybill_runs", "gauge", runs)
    _metric(
        lines, "waybill_runs_done_today", "gauge", [(_labels(route=row.name), row.done_today) for row in made.routes]
    )
    rows = made.connections
    up = [(_labels(connection=row.name, type=row.type), int(row.state == "up")) for row in rows]
    _metric(lines, "waybill_connection_up", "gauge", up)
    _metric(lines, "waybill_connection_in_total", "counter", [(_labels(connection=row.name), row.in_) for row in rows])
    _metric(lines, "waybill_connection_out_total", "counter", [(_labels(connection=row.name), row.out) for row in rows])
    waiting = [(_labels(connection=row.name), row.waiting) for row in rows]
    _metric(lines, "waybill_connection_waiting", "gauge", waiting)
    _metric(lines, "waybill_connection_dead", "gauge", [(_labels(connection=row.name), row.dead) for row in rows])
    return "\n".join(lines) + "\n"


def _metric(lines: list[str], name: str, kind: str, values: list[tuple[str, int]]) -> None:
    lines.append(f"# TYPE {name} {kind}")
    lines.extend(f"{name}{labels} {value}" for labels, value in values)


def _labels(**given: str) -> str:
    escaped = {key: value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for key, value in given.items()}
    return "{" + ",".join(f'{key}="{value}"' for key, value in escaped.items()) + "}"
