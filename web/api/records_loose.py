"""READER: a patient's pages that are in no document yet, one by one; what nobody has checked is said so."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Path as PathPart
from sqlalchemy import Row
from starlette.concurrency import run_in_threadpool

from records import loose
from web.api import models_records as models
from web.api import scan_pages
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, PublicId, need
from web.api.problems import not_found
from web.api.rows import owner_of
from web.api.scan_looks import looks_of
from web.api.scan_pages import Look

router = APIRouter(prefix="/api/v1/patients", tags=["records"])

Reader = Annotated[Person, Depends(need("records"))]
PageId = Annotated[str, PathPart(pattern="^[0-9A-Za-z_-]{1,40}$")]
ACT = "record.loose"


@router.get("/{id}/in-work")
def get_pages_in_work(id: PublicId, person: Reader, bridge: Engine) -> models.PagesInWork:  # noqa: A002
    """The pages that are in no document, those that nobody has checked first; the look is recorded."""
    owner = bridge.read(lambda conn: owner_of(conn, id))
    _looked(bridge, person, owner, again=True)
    return models.PagesInWork.model_validate({"pages": bridge.read(lambda conn: loose.pages(conn, owner.id))})


@router.get("/{id}/in-work/{page}/view", response_class=Response)
async def get_page_in_work_view(
    id: PublicId,  # noqa: A002
    page: PageId,
    request: Request,
    person: Reader,
    bridge: Engine,
    r: Look = None,
) -> Response:
    """A large picture of one of them."""
    return await _picture(request, bridge, person, id, page, "view", r)


@router.get("/{id}/in-work/{page}/thumb", response_class=Response)
async def get_page_in_work_thumb(
    id: PublicId,  # noqa: A002
    page: PageId,
    request: Request,
    person: Reader,
    bridge: Engine,
    r: Look = None,
) -> Response:
    """A small one."""
    return await _picture(request, bridge, person, id, page, "thumb", r)


async def _picture(
    request: Request, bridge: Bridge, person: Person, public_id: str, page: str, which: str, wanted: str | None
) -> Response:
    def find() -> Row[Any]:
        owner = bridge.read(lambda conn: owner_of(conn, public_id))
        found = bridge.read(lambda conn: loose.page_row(conn, owner.id, page))
        if found is None:
            raise not_found()
        _looked(bridge, person, owner)
        return found

    return await scan_pages.send_page(request, await run_in_threadpool(find), which, wanted)


def _looked(bridge: Bridge, person: Person, owner: Row[Any], *, again: bool = False) -> None:
    """Written down when they are opened, and once for all their pictures."""
    at, looks, name = bridge.now(), looks_of(bridge), f"loose:{owner.public_id}"
    if again or looks.fresh(person, name, {owner.id}, at):
        bridge.audit(person, ACT, patient=owner.id)
        looks.written(person, name, {owner.id}, at)
