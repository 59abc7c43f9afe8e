"""ATTENTION: what needs a person, by cause."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from engine.ops import read_attention
from web.api import models_base, models_runs
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, Number, need

router = APIRouter(prefix="/api/v1/attention", tags=["attention"])

Operator = Annotated[Person, Depends(need("attention"))]


@router.get("")
def get_attention(person: Operator, bridge: Engine) -> models_runs.Attention:
    """The open entries in groups of one cause, with the help that the route's author wrote."""
    groups = bridge.read(read_attention.groups)
    bridge.audit(person, "attention.list", subject=f"{sum(group.count for group in groups)} entries")
    return models_runs.Attention(groups=[_group(bridge, group) for group in groups])


def _group(bridge: Bridge, group: read_attention.Group) -> models_runs.AttentionGroup:
    step = bridge.step(group.route, group.step)
    route = bridge.route(group.route)
    written = [one for one in (step, route) if one is not None]
    return models_runs.AttentionGroup(
        kind=group.kind,
        code=group.code,
        cause=group.cause,
        route=group.route,
        step=group.step,
        count=group.count,
        oldest=models_base.iso(group.oldest),
        help=next((one.help for one in written if one.help), ""),
        contact=next((one.contact for one in written if one.contact), ""),
        answers=list(group.answers),
        items=[models_runs.AttentionItem.model_validate(item) for item in group.items],
    )


@router.post("/{id}/acknowledge", status_code=204)
def acknowledge(id: Number, asked: models_runs.AcknowledgeAsked, person: Operator, bridge: Engine) -> None:  # noqa: A002
    """I look after this."""
    bridge.act(lambda conn: bridge.acts.acknowledge(conn, id, person.login, asked.note, origin=person.origin))


@router.post("/{id}/close", status_code=204)
def close(id: Number, asked: models_runs.CloseAsked, person: Operator, bridge: Engine) -> None:  # noqa: A002
    """Settle an entry with one of its answers."""
    bridge.act(lambda conn: bridge.acts.close(conn, id, asked.answer, person.login, asked.note, origin=person.origin))
