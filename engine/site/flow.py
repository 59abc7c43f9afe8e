"""The ways through a route: which step leads where, and which ways make no sense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.site.model import Route, Site, Step
from engine.site.nodes import Items, Map, Node, Place, Text
from engine.site.problems import (
    BACK_OVER_SPLIT,
    DEAD_CASE,
    ORDER_OVER_WAIT,
    REPLY_WAITS,
    UNKNOWN_STEP,
    UNREACHABLE,
    Problem,
)
from engine.site.settings import nearest

_GO = "go:"
_TIMES = {"wait": "waits", "sign": "waits for a signature", "signal": "waits for a run that has not come yet"}


@dataclass(frozen=True, slots=True)
class Way:
    """A jump to a step, and where it is written."""

    step: str
    place: Place


def check(site: Site, route: Route) -> Iterator[Problem]:
    """Jumps to nowhere, steps that are never reached, and waits where nothing may wait."""
    ids = [step.id for step in route.steps]
    for step in route.steps:
        yield from _jumps(route, step, ids)
        yield from _dead_cases(step)
    yield from _unreachable(site, route, ids)
    yield from _order(route, ids)
    yield from _reply(route)


# ---- ways


def ways(step: Step) -> Iterator[Way]:
    """Every jump that is written in the step itself."""
    yield from _on_error(step.source.get("on_error"))
    body = step.source.get(step.verb)
    for case in body if isinstance(body, Items) and step.verb == "choose" else ():
        yield from _named(case, "go", "else")
    if step.verb == "sign":
        yield from _named(body, "refused", "expired")
    if isinstance(body, Map):
        yield from _named(body.get("on_timeout"), "go")


def _on_error(node: Node | None) -> Iterator[Way]:
    for key in ("refused", "unavailable"):
        text = node.get(key) if isinstance(node, Map) else None
        if isinstance(text, Text) and text.startswith(_GO):
            yield Way(text.removeprefix(_GO), text.at)


def _named(node: Node | None, *keys: str) -> Iterator[Way]:
    for key in keys:
        text = node.get(key) if isinstance(node, Map) else None
        if isinstance(text, Text) and text:
            yield Way(str(text), text.at)


def _jumps(route: Route, step: Step, ids: list[str]) -> Iterator[Problem]:
    for way in ways(step):
        if way.step not in ids:
            text = f"there is no step `{way.step}` in this route"
            yield Problem(way.place, UNKNOWN_STEP, text, nearest(way.step, ids))
            continue
        between = route.steps[ids.index(way.step) : ids.index(step.id)]
        split = next((other.id for other in between if other.verb == "split"), None)
        if split is not None:
            text = f"a part cannot go back to `{way.step}`: the message was split at `{split}` since"
            yield Problem(way.place, BACK_OVER_SPLIT, text, f"go to a step after `{split}`")


# ---- what is never reached


def _unreachable(site: Site, route: Route, ids: list[str]) -> Iterator[Problem]:
    reached: set[str] = set()
    waiting = [ids[0]] if ids else []
    while waiting:
        here = waiting.pop()
        if here not in reached and here in ids:
            reached.add(here)
            waiting += _after(site, route.steps[ids.index(here)], ids)
    before: Step | None = None
    for step in route.steps:
        if step.id not in reached and (before is None or before.id in reached):
            blocked = f"`{before.id}` never goes on to it" if before else "nothing leads to it"
            text = f"the step `{step.id}` is never reached: {blocked}"
            advice = f"take it out, or write `go: {step.id}` where it is to be done"
            yield Problem(step.source.place_of("id"), UNREACHABLE, text, advice)
        before = step


def _after(site: Site, step: Step, ids: list[str]) -> list[str]:
    following = ids[ids.index(step.id) + 1 :][:1]
    found = [way.step for way in ways(step)]
    policy = site.policies.get(step.policy)
    if policy is not None and policy.then.step:
        found.append(policy.then.step)
    return found if step.when is None and _goes_elsewhere(step) else found + following


def _goes_elsewhere(step: Step) -> bool:
    """A step after which its next one is not done."""
    if step.verb == "stop":
        return True
    body = step.source.get("choose")
    return isinstance(body, Items) and any(isinstance(case, Map) and "else" in case for case in body)


def _dead_cases(step: Step) -> Iterator[Problem]:
    body = step.source.get("choose")
    seen: list[Map] = []
    for case in body if isinstance(body, Items) else ():
        if not isinstance(case, Map):
            continue
        earlier = next((other for other in seen if _covers(other, case)), None)
        if earlier is not None:
            text = f"this case is never taken: the one in line {earlier.at.line} is taken before it"
            yield Problem(case.at, DEAD_CASE, text, "take it out, or put it before the other")
        elif "else" in case and _all_cases(seen):
            text = "this `else` is never taken: one of the cases before it always holds"
            yield Problem(case.at, DEAD_CASE, text, "take it out, or correct the conditions")
        seen.append(case)


def _covers(earlier: Map, case: Map) -> bool:
    return "else" in earlier or ("when" in earlier and earlier.get("when") == case.get("when"))


def _all_cases(cases: list[Map]) -> bool:
    """Whether a condition and its opposite are both there."""
    conditions = [case["when"] for case in cases if isinstance(case.get("when"), Map)]
    return any(_opposite(one) == other for one in conditions for other in conditions)


def _opposite(condition: Node) -> Node | None:
    if not isinstance(condition, Map) or len(condition) != 1:
        return Map({"not": condition})
    (word, inner) = next(iter(condition.items()))
    other = {"present": "absent", "absent": "present"}.get(word)
    return Map({other: inner}) if other else inner if word == "not" else Map({"not": condition})


# ---- waits where nothing may wait


def _order(route: Route, ids: list[str]) -> Iterator[Problem]:
    order = route.receive.order
    receive = route.source.get("receive")
    node = receive.get("order") if isinstance(receive, Map) else None
    if order is None or not isinstance(node, Map):
        return
    until = node.get("until")
    if order.until and order.until not in ids:
        place = until.at if isinstance(until, Text) else node.at
        yield Problem(place, UNKNOWN_STEP, f"there is no step `{order.until}` in this route", nearest(order.until, ids))
        return
    held = route.steps[: ids.index(order.until) + 1] if order.until else route.steps
    for step in held:
        if _waits(step):
            text = f"the order's key is held while `{step.id}` {_TIMES[step.verb]}, so all later ones of this key wait"
            before = ids[: ids.index(step.id)]
            advice = f"write `until: {before[-1]}`" if before else "let another route wait, and `signal` it"
            yield Problem(until.at if isinstance(until, Text) else node.at, ORDER_OVER_WAIT, text, advice)
            return


def _waits(step: Step) -> bool:
    return step.verb in ("wait", "sign") or (
        step.verb == "signal" and getattr(step.settings, "if_none", "done") == "wait"
    )


def _reply(route: Route) -> Iterator[Problem]:
    if route.receive.reply_when != "done":
        return
    receive = route.source["receive"]
    reply = receive.get("reply") if isinstance(receive, Map) else None
    place = reply.place_of("when") if isinstance(reply, Map) else route.source.at
    for step in route.steps:
        if step.verb == "sign" or (step.verb == "wait" and getattr(step.settings, "for_", "") != "poll"):
            text = f"the sender would wait for its answer until `{step.id}` is done, which {_TIMES[step.verb]}"
            yield Problem(place, REPLY_WAITS, text, "write `when: stored`, and send the result by a `call`")
            return
