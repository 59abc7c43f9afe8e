"""What refers to what: names that must exist, and what would be unsafe to start with.

Works on whatever part of a site could be read, so that one fault does not hide the others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from engine.site import flow
from engine.site.calls import CallSettings
from engine.site.conditions import Condition
from engine.site.model import Connection, Route, Site, Step
from engine.site.nodes import Map, Node, Text
from engine.site.paths import Template
from engine.site.problems import (
    DOUBT_UNANSWERED,
    NO_SIGNAL,
    NO_SOURCE,
    OPEN_LISTENER,
    RECEIVED_TWICE,
    UNKNOWN_ALERT,
    UNKNOWN_CONNECTION,
    UNKNOWN_LABEL,
    UNKNOWN_ROUTE,
    UNKNOWN_STEP,
    UNKNOWN_VALUE,
    Problem,
)
from engine.site.settings import Context, nearest
from engine.site.units import Listen
from engine.site.walk import inside, leaves, maps, place_of


def check(site: Site, context: Context) -> list[Problem]:
    """Every reference that leads nowhere, and every listener and effect that must not start like this.

    context: the names that are written, also of parts that could not be read, and the channels' modules.
    """
    problems = list(_received_twice(site))
    for connection in site.connections.values():
        problems += _open_listeners(connection)
    for route in site.routes.values():
        problems += _values(route)
        problems += flow.check(site, route)
        problems += _sources(site, context, route)
        for step in route.steps:
            problems += _names(step, context)
            problems += _ways_on(site, route, step)
            problems += _labels(site, route, step)
            problems += _changed_values(site, step)
            problems += _no_signal(site, context, route, step)
            problems += _doubt(step, context)
    return problems


_OF_THE_FIRST = ("identity", "keep", "check", "reply")


def _received_twice(site: Site) -> Iterator[Problem]:
    """Of the routes that receive the same, the first in the file tells repeats, checks and answers."""
    for connection in site.connections:
        for operation, routes in site.receivers(connection).items():
            for route in routes[1:]:
                receive = route.source.get("receive")
                for key in _OF_THE_FIRST if isinstance(receive, Map) else ():
                    if key in receive:  # type: ignore[operator]
                        what = operation or "everything"
                        text = f"`{routes[0].name}` receives {what} from `{connection}` before, and it has the `{key}`"
                        place = receive.place_of(key)  # type: ignore[union-attr]
                        yield Problem(place, RECEIVED_TWICE, text, f"write `{key}` in `{routes[0].name}` only")


def _sources(site: Site, context: Context, route: Route) -> Iterator[Problem]:
    """What a channel says of itself: that such a connection takes nothing in, or only while no run waits there."""
    waits = {str(body.get("in")) for body in _waits(site)}
    node = route.source.get("receive")
    for name in route.receive.from_:
        known, connection = context.connections.get(name), site.connections.get(name)
        why_not = getattr(known.module, "why_no_source", None) if known else None
        if why_not is None or connection is None or not isinstance(node, Map):
            continue
        why = why_not(connection.settings)
        advice = "receive from another connection"
        if not why and name in waits:
            why, advice = (
                f"a run waits for files in `{name}`, and a route takes all that comes into it",
                "use two folders",
            )
        if why:
            yield Problem(node.place_of("from"), NO_SOURCE, why, advice)


def _waits(site: Site) -> Iterator[Map]:
    for route in site.routes.values():
        for step in route.steps:
            body = step.source.get("wait")
            if isinstance(body, Map):
                yield body


def _open_listeners(connection: Connection) -> Iterator[Problem]:
    for name, value in leaves(connection.settings):
        if isinstance(value, Listen) and not value.loopback and not getattr(connection.settings, "allow", None):
            node = connection.source.get(name)
            place = node.at if node is not None else connection.source.at
            advice = "write `allow: [ADDRESSES]` (who may connect), or listen on 127.0.0.1"
            yield Problem(
                place, OPEN_LISTENER, f"`{connection.name}` listens beyond this computer without `allow`", advice
            )


# ---- names in steps

_CONNECTIONS = (("wait", "in"), ("sign", "with"))


def _names(step: Step, context: Context) -> Iterator[Problem]:
    for verb, key in _CONNECTIONS:
        yield from _name(step, verb, key, context.connections, UNKNOWN_CONNECTION, "connection")
    yield from _name(step, "signal", "route", context.routes, UNKNOWN_ROUTE, "route")
    yield from _name(step, "wait", "from", context.routes, UNKNOWN_ROUTE, "route")
    for node in maps(step.source):
        alert = node.get("alert")
        if isinstance(alert, Text) and alert not in context.alerts:
            text = f"there is no alert `{alert}`"
            yield Problem(alert.at, UNKNOWN_ALERT, text, nearest(alert, context.alerts))


def _name(step: Step, verb: str, key: str, known: Iterable[str], code: str, what: str) -> Iterator[Problem]:
    body = step.source.get(verb)
    word = body.get(key) if isinstance(body, Map) else None
    if isinstance(word, Text) and word not in known:
        yield Problem(word.at, code, f"there is no {what} `{word}`", nearest(word, known))


def _ways_on(site: Site, route: Route, step: Step) -> Iterator[Problem]:
    """`go:STEP` of the policy that the step uses; what the step itself names is the flow's matter."""
    ids = [other.id for other in route.steps]
    policy = site.policies.get(step.policy)
    if policy is not None and policy.then.step and policy.then.step not in ids:
        text = f"the policy `{step.policy}` goes on at `{policy.then.step}`, which is no step of this route"
        place = _at(step.source, "policy")
        yield Problem(place, UNKNOWN_STEP, text, "choose another policy, or add the step")


def _at(source: Map, *keys: str) -> Any:
    node: Node = source
    for key in keys:
        if not isinstance(node, Map) or key not in node:
            break
        node = node[key]
    return node.at


def _labels(site: Site, route: Route, step: Step) -> Iterator[Problem]:
    """Labels that are set, or searched by, must be declared: only there it says whether they name a patient."""
    body = step.source.get(step.verb)
    target = route
    if step.verb == "signal" and isinstance(body, Map):
        other = site.routes.get(str(body.get("route", "")))
        if other is None:
            return
        target = other
    names = [label.name for label in target.labels]
    for key in ("labels", "set_labels"):
        node = body.get(key) if isinstance(body, Map) and step.verb in ("set", "signal", "wait") else None
        for name in node if isinstance(node, Map) else ():
            if name not in names:
                text = f"the route `{target.name}` declares no label `{name}`"
                advice = f"write `labels: {{{name}: {{optional: true}}}}` there; {nearest(name, names)}"
                yield Problem(node.place_of(name), UNKNOWN_LABEL, text, advice)  # type: ignore[union-attr]


def _changed_values(site: Site, step: Step) -> Iterator[Problem]:
    """`values` of a signal, `NAME/path`: NAME must be a value of the route that is meant."""
    body = step.source.get(step.verb)
    values = body.get("values") if step.verb == "signal" and isinstance(body, Map) else None
    target = site.routes.get(str(body["route"])) if isinstance(values, Map) and isinstance(body, Map) else None
    if target is None or not isinstance(values, Map):
        return
    made = ["body", *(name for other in target.steps for name in _made(other))]
    for path in values:
        name = path.partition("/")[0]
        if name not in made:
            text = f"the route `{target.name}` makes no value `{name}`"
            yield Problem(values.place_of(path), UNKNOWN_VALUE, text, f"write `NAME/path: ...`; {nearest(name, made)}")


def _no_signal(site: Site, context: Context, route: Route, step: Step) -> Iterator[Problem]:
    """A wait that nobody ends; not judged while some route cannot be read."""
    body = step.source.get("wait")
    if getattr(step.settings, "for_", "") != "signal" or not isinstance(body, Map) or context.routes - set(site.routes):
        return
    wanted = getattr(step.settings, "from_", "")
    if wanted and wanted not in site.routes:
        return
    for sender in site.routes.values():
        if wanted in ("", sender.name) and any(_wakes(other, route.name) for other in sender.steps):
            return
    who = f"the route `{wanted}` sends" if wanted else "no route sends"
    text = f"{who} no signal to `{route.name}`" if wanted else f"{who} a signal to `{route.name}`"
    advice = f"write `signal: {{route: {route.name}, labels: {{...}}, do: wake}}` in {wanted or 'another route'}"
    yield Problem(body.place_of("from" if wanted else "for"), NO_SIGNAL, text, advice)


def _wakes(step: Step, route: str) -> bool:
    body = step.source.get("signal")
    return isinstance(body, Map) and body.get("route") == route and body.get("do") == "wake"


def _doubt(step: Step, context: Context) -> Iterator[Problem]:
    for call in inside(step.settings, CallSettings):
        known = context.connections.get(call.to)
        repeat_of = getattr(known.module, "repeat_of", None) if known else None
        if repeat_of and call.in_doubt is None and repeat_of(call.operation, call.arguments) == "unknown":
            place = next((node.at for node in maps(step.source) if node.get("to") == call.to), step.place)
            text = f"after a time-out nobody knows whether `{call.operation}` arrived at `{call.to}`"
            advice = "write `in_doubt: person` (somebody decides), or `repeat` if a second one does no harm"
            yield Problem(place, DOUBT_UNANSWERED, text, advice)


# ---- values


def _values(route: Route) -> Iterator[Problem]:
    known = ["body", "meta"]
    for step in route.steps:
        for template in _templates(step):
            for name in template.names:
                if name not in known:
                    later = any(name in _made(other) for other in route.steps)
                    text = f"the value `{name}` is {'only made by a later step' if later else 'made by no step'}"
                    place = place_of(template.text, step.source)
                    yield Problem(place, UNKNOWN_VALUE, text, f"write a value from before: {nearest(name, known)}")
        known += _made(step)


_WITHOUT_VALUE = ("check", "choose", "set", "split", "stop")


def _made(step: Step) -> list[str]:
    """The names of the values that a step leaves: its own, where its verb has one, and those that a `set` names."""
    body = step.source.get(step.verb)
    values = body.get("values") if step.verb == "set" and isinstance(body, Map) else None
    is_time = getattr(step.settings, "for_", "") == "time"
    own = [] if step.verb in _WITHOUT_VALUE or is_time else [step.into]
    return [*own, *(values if isinstance(values, Map) else ())]


def _templates(step: Step) -> Iterator[Template]:
    whole = dataclasses.replace(step, source=Map())
    for _, value in leaves(whole):
        if isinstance(value, Template):
            yield value
        elif isinstance(value, Condition):
            yield from value.templates()
