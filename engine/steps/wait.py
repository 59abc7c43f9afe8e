"""`wait`: for a file in a watched folder, or by asking again and again (poll)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from engine.message import InDoubt, Refused, Unavailable, Value
from engine.runtime.context import Context
from engine.runtime.outcome import FileWait, Next, Outcome, Wait
from engine.site.calls import CallSettings, build_call
from engine.site.nodes import Map, Node
from engine.site.paths import Template
from engine.site.problems import MISSING_KEY, invalid
from engine.site.settings import Context as Reading
from engine.site.settings import Duration, build, option


@dataclass(frozen=True)
class OnTimeout:
    """Without it an alert goes to the operators and the wait goes on."""

    alert: str = option("the alert that is raised; the wait goes on", "operators")


@dataclass(frozen=True)
class Settings:
    """`for: file` needs `in`, `path` and `name`; `for: poll` needs `call` and `every`."""

    for_: Literal["file", "poll"] = option("what is waited for", key="for")
    in_: str = option("file: the folder connection", "", key="in")
    path: Template | None = option("file: the folder, from the connection's root", None)
    name: str = option("file: the pattern of its name", "*")
    complete: Literal["pdf", "any"] = option(
        "file: `any` takes what the folder connection would list as foreign, too", "pdf"
    )
    call: CallSettings | None = option("poll: what is asked; an empty answer means not yet", None)
    every: Duration = option("poll: how often", Duration(60))
    until: Duration | None = option("how long", None)
    on_timeout: OnTimeout | None = option("what follows when the time is over", None)


def build_settings(node: Node, context: Reading) -> Settings:
    """As `build`, with the inner call read by its channel; raises `Invalid`."""
    if not isinstance(node, Map):
        return build(Settings, node, context)
    call = build_call(node["call"], context) if "call" in node else None
    rest = Map({key: value for key, value in node.items() if key != "call"}, node.at, node.key_at)
    made = dataclasses.replace(build(Settings, rest, context), call=call)
    if made.for_ == "poll" and call is None:
        raise invalid(node, MISSING_KEY, "`for: poll` needs a `call`", "write `call: {to: CONNECTION, ...}`")
    if made.for_ == "file" and (not made.in_ or made.path is None):
        raise invalid(node, MISSING_KEY, "`for: file` needs `in` and `path`", "write `in: CONNECTION, path: FOLDER`")
    return made


async def perform(settings: Settings, context: Context) -> Outcome:
    if settings.for_ == "poll":
        return await _poll(settings, context)
    return await _file(settings, context)


async def _poll(settings: Settings, context: Context) -> Outcome:
    assert settings.call is not None
    note = ""
    try:
        answer: Value = await context.query(settings.call)
    except (Unavailable, InDoubt) as failure:  # a question changes nothing: without an answer it is asked again
        answer, note = None, failure.reason
    if not _empty(answer):
        return Next(answer)
    now, until = context.now(), _until(settings, context)
    _say_timeout(settings, context, now, until)
    return Wait(f"an answer of {settings.call.to}", now + int(settings.every * 1000), until, note=note)


async def _file(settings: Settings, context: Context) -> Outcome:
    """The book of files puts the value there when exactly this wait takes a file."""
    values = await context.values()
    into = context.step.into
    if into in values:
        return Next(note="a file was taken")
    assert settings.path is not None
    folder = (await context.evaluate({"path": settings.path}))["path"]
    if not isinstance(folder, str) or folder.startswith("/") or ".." in folder.split("/"):
        raise Refused("WB-5003", "the folder of a wait is a path below its connection")
    folder = str(PurePosixPath(folder))  # as the folder's connection says it: no `//`, no `/` at the end
    now, until = context.now(), _until(settings, context)
    late = _say_timeout(settings, context, now, until)
    after = context.run.first_try_at if context.run.generation else None
    return Wait(
        "a file", None if late else until, until,
        FileWait(settings.in_, folder, settings.name, settings.complete == "any", after),
        note="overdue" if late else "",
    )  # fmt: skip


def _until(settings: Settings, context: Context) -> int | None:
    if settings.until is None:
        return None
    return (context.run.first_try_at or context.now()) + int(settings.until * 1000)


def _say_timeout(settings: Settings, context: Context, now: int, until: int | None) -> bool:
    """An alert once, when the time is over; the wait goes on."""
    if until is None or now < until:
        return False
    name = settings.on_timeout.alert if settings.on_timeout else "operators"
    context.overdue(f"overdue: alert to {name}")
    return True


def _empty(value: Value) -> bool:
    return value is None or value in ("", [], {})
