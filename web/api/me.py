"""ME: a person's own sessions and keys. Language: `/session/language`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from web.api import models_users as models
from web.api.auth import end_others, sessions_of, set_keys
from web.api.guard import Engine, Signed
from web.api.problems import not_found

router = APIRouter(prefix="/api/v1/me", tags=["me"])

SessionId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]


@router.get("/sessions")
def get_my_sessions(person: Signed, bridge: Engine) -> models.OpenSessions:
    """Where this person is signed in, the session last used first."""
    items = bridge.read(lambda conn: sessions_of(conn, person, bridge.now()))
    return models.OpenSessions(items=[models.OpenSession.model_validate(one) for one in items])


@router.delete("/sessions/others")
def end_my_other_sessions(person: Signed, bridge: Engine) -> models.Ended:
    """Sign out everywhere else."""
    now = bridge.now()
    return models.Ended(count=bridge.store.write_now(lambda conn: end_others(conn, person, now)))


@router.delete("/sessions/{id}", status_code=204)
def end_my_session(id: SessionId, person: Signed, bridge: Engine) -> None:  # noqa: A002
    """End one other session of this person."""
    now = bridge.now()
    if not bridge.store.write_now(lambda conn: end_others(conn, person, now, id)):
        raise not_found()


@router.put("/keys", status_code=204)
def put_my_keys(asked: models.KeysAsked, person: Signed, bridge: Engine) -> None:
    """What this person's keys mean, on every computer; nothing: as the screens have them."""
    keys = {pressed: meant for pressed, meant in asked.keys.items() if pressed != meant}
    bridge.store.write_now(lambda conn: set_keys(conn, person, keys))
