"""ALERTS: what the site's rules have raised; who looks after it, what is put off."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from engine.ops import alerts as acts
from engine.ops import read_alerts
from web.api import models_alerts
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, Number, need

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])

Watcher = Annotated[Person, Depends(need("alerts"))]

_STEPS = ("dead_letter", "held", "doubt", "overdue")
_CONNECTIONS = ("connection", "certificate", "rate_below", "rate_above")


@router.get("")
def get_alerts(person: Watcher, bridge: Engine) -> models_alerts.Alerts:
    """Open and acknowledged alerts, the last ones that ended, and who could not be told."""
    rows = bridge.read(read_alerts.alerts)
    untold = [models_alerts.Untold.model_validate(one) for one in _untold(bridge)]
    rules = bridge.site.alerts if bridge.site is not None else {}
    return models_alerts.Alerts(
        alerts=[_alert(bridge, person, row) for row in rows], untold=untold, rules=sum(map(_watches, rules.values()))
    )


@router.post("/{id}/acknowledge", status_code=204)
def acknowledge_alert(id: Number, asked: models_alerts.AlertAsked, person: Watcher, bridge: Engine) -> None:  # noqa: A002
    """I look after this."""
    bridge.act(lambda conn: acts.acknowledge(conn, id, person.login, asked.note, person.origin))
    changed(bridge)


@router.post("/{id}/snooze", status_code=204)
def snooze_alert(id: Number, asked: models_alerts.SnoozeAsked, person: Watcher, bridge: Engine) -> None:  # noqa: A002
    """Not before so many minutes have passed."""
    bridge.act(lambda conn: acts.snooze(conn, id, asked.minutes, person.login, asked.note, person.origin))
    changed(bridge)


def needs(bridge: Bridge, person: Person) -> Any:
    """The question how many alerts of this person's roles need somebody."""
    now, rules = bridge.now(), bridge.site.alerts if bridge.site is not None else {}
    mine = [name for name, rule in rules.items() if set(rule.roles) & set(person.roles)]
    return lambda conn: read_alerts.open_count(conn, mine, now)


def changed(bridge: Bridge) -> None:
    """Tell the other screens; from an endpoint's thread."""
    notify = getattr(bridge.runtime, "notify", None)
    if notify is not None:
        bridge.reactor.callFromThread(notify, {"alerts"})


def _watches(rule: Any) -> bool:
    return bool(rule.when)


def _untold(bridge: Bridge) -> list[Any]:
    return list(bridge.alerts.teller.trouble.values()) if bridge.alerts is not None else []


def _alert(bridge: Bridge, person: Person, row: read_alerts.AlertRow) -> models_alerts.Alert:
    rule = bridge.site.alerts.get(row.rule) if bridge.site is not None else None
    told = {name: getattr(row, name) for name in row.__slots__}
    roles = list(rule.roles) if rule is not None else []
    return models_alerts.Alert(
        **told, mine=bool(set(roles) & set(person.roles)), roles=roles, help=rule.help if rule is not None else "",
        contact=rule.contact if rule is not None else "", link=_link(row),
    )  # fmt: skip


def _link(row: read_alerts.AlertRow) -> str:
    if row.condition in _STEPS:
        return "/engine/attention"
    if row.condition in _CONNECTIONS:
        return f"/engine/connections/{row.subject}"
    if row.condition == "queue_older_than":
        return f"/engine/routes/{row.subject.partition('.')[0]}"
    return "/engine/attention" if row.condition == "identity_conflict" else ""
