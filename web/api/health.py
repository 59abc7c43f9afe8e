"""`/health/live`, `/health/ready`, `/metrics`: for machines; no session, no patient's data."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from engine.runtime.clockwatch import CLOCK
from engine.runtime.diskwatch import DISK
from web.api import models
from web.api.guard import Engine, address_of, need
from web.api.metrics import exposition
from web.api.problems import Denied

router = APIRouter(tags=["health"])

LOOPBACK = ("127.0.0.1", "::1")


@router.get("/health/live")
async def get_live() -> models.Live:
    """The process answers. Touches neither the store nor a thread."""
    return models.Live(status="alive")


@router.get("/health/ready", responses={503: {"model": models.Ready}})
def get_ready(bridge: Engine, response: Response) -> models.Ready:
    """The engine takes messages: the store reads and takes writes, a site is loaded, nothing is stopping."""
    reasons = []
    if bridge.closing:
        reasons.append("stopping")
    if bridge.site is None:
        reasons.append("no site is loaded")
    try:
        bridge.read(lambda conn: conn.exec_driver_sql("SELECT 1").scalar())
    except Exception as error:  # noqa: BLE001 - whatever the store raises, the answer is the same
        reasons.append(f"the store does not read: {type(error).__name__}")
    reasons += bridge.runtime.condition.reasons(DISK)
    response.status_code = 503 if reasons else 200
    # With a clock that jumped messages are taken all the same.
    return models.Ready(ready=not reasons, reasons=reasons + bridge.runtime.condition.reasons(CLOCK))


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
    return Response(exposition(bridge), media_type="text/plain; version=0.0.4; charset=utf-8")
