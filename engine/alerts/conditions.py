"""Whether a condition holds, of what, and why in a few words: one function for each word of the grammar."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.alerts.facts import Facts
from engine.channel import HealthState
from engine.site.model import Alert, Connection
from engine.site.units import Size
from engine.store.clock import local

HELD = ("held", "stopped", "bug", "update")
"""Kinds of entries in Attention whose run is held."""


@dataclass(frozen=True, slots=True)
class Found:
    """`subject` is what it is said of: a connection, `ROUTE.STEP`. sure False: nobody can tell now."""

    subject: str
    text: str = ""
    sure: bool = True


Look = Callable[[Alert, Any, Facts], "Iterable[Found] | None"]
"""What holds; None when nobody can tell of anything."""


def look(alert: Alert, word: str, settings: Any, facts: Facts) -> list[Found] | None:
    """What holds of one condition of a rule."""
    found = LOOKS[word](alert, settings, facts)
    return None if found is None else list(found)


def raised(alert: Alert, facts: Facts) -> list[Found] | None:
    """What steps raise by `on_timeout: {alert: NAME}`."""
    if facts.rows is None:
        return None
    said = f"overdue: alert to {alert.name}"
    return [_of_pile(one) for one in facts.rows.piles if one.kind == "overdue" and one.reason == said]


def _of_pile(pile: Any) -> Found:
    subject = f"{pile.route}.{pile.step}" if pile.step else pile.route
    runs = "1 run" if pile.count == 1 else f"{pile.count} runs"
    return Found(subject, f"{runs}, {pile.code}" if pile.code else runs)


def _piles(word: str, *kinds: str) -> Look:
    def found(alert: Alert, settings: Any, facts: Facts) -> Iterable[Found] | None:
        del alert
        if facts.rows is None:
            return None
        names = getattr(settings, word)
        by_subject: dict[str, Found] = {}
        for one in facts.rows.piles:
            if one.kind in kinds and names.has(one.route):
                each = _of_pile(one)
                by_subject.setdefault(each.subject, each)
        return by_subject.values()

    return found


def _conflicts(_: Alert, settings: Any, facts: Facts) -> Iterable[Found] | None:
    if facts.rows is None:
        return None
    names = settings.identity_conflict
    return [Found(name, f"{count} messages") for name, count in facts.rows.conflicts.items() if names.has(name)]


def _queue(_: Alert, settings: Any, facts: Facts) -> Iterable[Found] | None:
    if facts.rows is None:
        return None
    return [
        Found(f"{one.route}.{one.step}", f"{one.connection}: the oldest since {_time(one.since)}")
        for one in facts.rows.queues.get(settings, ())
    ]


def _connection(_: Alert, settings: Any, facts: Facts) -> Iterable[Found]:
    bad = {HealthState.DOWN} if settings.connection == "down" else {HealthState.DOWN, HealthState.DEGRADED}
    for name, health in facts.health.items():
        if not settings.of.has(name) or name in facts.aside:
            continue
        if health.state in bad:
            yield Found(name, f"{health.state}: {health.reason}" if health.reason else str(health.state))
        elif health.state is HealthState.STARTING:
            yield Found(name, sure=False)


def _disk(_: Alert, settings: Any, facts: Facts) -> Iterable[Found] | None:
    disk, wanted = facts.disk, settings.disk_low
    if disk is None:
        return None
    left = disk.free if isinstance(wanted, Size) else disk.free / max(1, disk.total)
    if left >= wanted:
        return []
    return [Found("disk", f"{disk.free / (1 << 30):.1f} GiB of {disk.total / (1 << 30):.1f} GiB left")]


def _certificate(_: Alert, settings: Any, facts: Facts) -> Iterable[Found]:
    now = datetime.fromtimestamp(facts.now / 1000, UTC)
    for name, ends in facts.ends.items():
        if settings.of.has(name) and (ends - now).total_seconds() < settings.certificate:
            yield Found(name, f"{'ended' if ends <= now else 'ends'} on {ends:%Y-%m-%d}")


def _clock(_: Alert, settings: Any, facts: Facts) -> Iterable[Found]:
    if abs(facts.jump) > settings.clock:
        yield Found("clock", f"jumped by {facts.jump:+.0f} s")


def _rate(word: str) -> Look:
    def found(_: Alert, settings: Any, facts: Facts) -> Iterable[Found]:
        judged = settings.between is None or settings.between.has(facts.minute)
        over, wanted = float(settings.over), getattr(settings, word) * settings.over
        for name in settings.of.names or tuple(facts.site.connections):
            count, whole = facts.rates.count(name, over, facts.counted.get(name, 0), facts.seconds)
            bad = count < wanted if word == "rate_below" else count > wanted
            if not judged or (word == "rate_below" and not whole):
                yield Found(name, sure=False)
            elif bad:
                yield Found(name, f"{count} messages in {_length(over)}")
            elif not whole:
                yield Found(name, sure=False)

    return found


def _store(_: Alert, settings: Any, facts: Facts) -> Iterable[Found] | None:
    del settings
    if facts.refusing is None:
        return None
    return [Found("store", facts.refusing)] if facts.refusing else []


LOOKS: dict[str, Look] = {
    "dead_letter": _piles("dead_letter", "dead"),
    "held": _piles("held", *HELD),
    "doubt": _piles("doubt", "doubt"),
    "overdue": _piles("overdue", "overdue"),
    "identity_conflict": _conflicts,
    "queue_older_than": _queue,
    "connection": _connection,
    "disk_low": _disk,
    "certificate": _certificate,
    "clock": _clock,
    "rate_below": _rate("rate_below"),
    "rate_above": _rate("rate_above"),
    "store": _store,
}


def windows(alerts: Iterable[Alert], connections: Iterable[str]) -> set[tuple[str, float]]:
    """Which connections' messages are counted over which time."""
    everyone = tuple(connections)
    return {
        (name, float(when.settings.over))
        for alert in alerts
        for when in alert.when
        if when.word in ("rate_below", "rate_above")
        for name in when.settings.of.names or everyone
    }


def secured(alerts: Iterable[Alert], connections: Iterable[Connection]) -> list[Connection]:
    """The connections whose certificate some rule asks for."""
    asked = [when.settings.of for alert in alerts for when in alert.when if when.word == "certificate"]
    return [one for one in connections if one.tls is not None and any(names.has(one.name) for names in asked)]


def _time(at: int) -> str:
    return f"{local(at):%Y-%m-%d %H:%M}"


def _length(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"
