"""The application: routers, how failures are said, and the shell around all."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from engine.message import InDoubt, Refused, Unavailable
from web.api import (
    alerts,
    attention,
    bulk,
    dashboard,
    docs,
    documents,
    engine_connections,
    engine_messages,
    engine_routes,
    health,
    lists,
    live,
    me,
    patients,
    records_boxes,
    records_duplicates,
    records_edit,
    records_export,
    records_flags,
    records_loose,
    records_repair,
    records_search,
    records_tomorrow,
    records_tree,
    runs,
    scan_assign,
    scan_batches,
    scan_drafts,
    scan_pages,
    scan_problems,
    scan_sheets,
    scan_uploads,
    screens,
    session,
    sign,
    today,
    unmatched,
    users,
    worklist,
)
from web.api.bridge import Bridge
from web.api.models_base import Problem
from web.api.problems import BAD_REQUEST, BUG, MEDIA_TYPE, NO_METHOD, NOT_FOUND, NOT_READY, TOO_LARGE, Denied, problem
from web.api.shell import Shell, hosts_of, where

log = logging.getLogger(__name__)

THREADS = 8
"""Endpoints that run at once; more would only wait for the store's connections."""

ROUTERS = (
    session,
    me,
    today,
    worklist,
    patients,
    dashboard,
    engine_connections,
    engine_messages,
    bulk,
    engine_routes,
    runs,
    attention,
    alerts,
    unmatched,
    scan_assign,
    scan_batches,
    scan_drafts,
    scan_pages,
    scan_problems,
    scan_sheets,
    scan_uploads,
    sign,
    lists,
    users,
    records_repair,
    records_tomorrow,
    records_boxes,
    records_duplicates,
    records_search,
    records_edit,
    records_export,
    records_flags,
    records_loose,
    records_tree,
    documents,
    health,
    live,
    docs,
    screens,  # the last: it takes every address that is left
)


def create_app(bridge: Bridge | None) -> FastAPI:
    """The ASGI application; without a bridge only its description works."""
    app = FastAPI(
        title="Waybill",
        version="1",
        description="The only door of the screens.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        generate_unique_id_function=_name,
        responses={"default": {"model": Problem, "description": "What went wrong (application/problem+json)"}},
        separate_input_output_schemas=False,
    )
    app.state.bridge = bridge
    for module in ROUTERS:
        app.include_router(module.router)
    app.add_exception_handler(Denied, _denied)
    app.add_exception_handler(Refused, _failure(409))
    app.add_exception_handler(Unavailable, _failure(503))
    app.add_exception_handler(InDoubt, _failure(409))
    app.add_exception_handler(OperationalError, _store_away)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)
    return app


def create_served(bridge: Bridge, listen: str) -> Shell:
    """The application as it is served: inside its shell."""
    return Shell(create_app(bridge), hosts=hosts_of(listen, bridge.origins), secure=bridge.secure)


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    from anyio.to_thread import current_default_thread_limiter

    current_default_thread_limiter().total_tokens = THREADS
    yield


def _name(route: APIRoute) -> str:
    """The operation's name in the description, and of the screens' functions."""
    return route.name


def _answer(status: int, code: str, detail: str, right: str | None = None) -> Response:
    return Response(problem(status, code, detail, right), status, media_type=MEDIA_TYPE)


def _denied(_: Request, error: Exception) -> Response:
    assert isinstance(error, Denied)
    return _answer(error.status, error.code, error.detail, error.right)


def _failure(status: int) -> Any:
    def answer(_: Request, error: Exception) -> Response:
        assert isinstance(error, Refused | Unavailable | InDoubt)
        return _answer(status, error.code, error.reason)

    return answer


def _store_away(_: Request, error: Exception) -> Response:
    """A question that took too long, or a disk that does not answer."""
    log.error("the store does not answer: %s", where(error))
    return _answer(503, NOT_READY, "The store does not answer just now.")


def _invalid(_: Request, error: Exception) -> Response:
    """Which field, and the rule; never what was sent."""
    assert isinstance(error, RequestValidationError)
    faults = [f"{'.'.join(str(part) for part in one['loc'])}: {one['type']}" for one in error.errors()[:10]]
    return _answer(422, BAD_REQUEST, "; ".join(faults))


def _bug(_: Request, _error: Exception) -> Response:
    """The shell writes where it was; the error itself may hold what the request held."""
    return _answer(500, BUG, "The server made a mistake; it is written in its log.")


def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: NOT_FOUND, 405: NO_METHOD, 413: TOO_LARGE}.get(error.status_code, BAD_REQUEST)
    detail = {
        404: "There is nothing at this address.",
        405: "This address does not take that method.",
        408: "The request did not arrive in time.",
        413: "The request is larger than this address takes.",
    }
    return _answer(error.status_code, code, detail.get(error.status_code, "The request is not understood."))
