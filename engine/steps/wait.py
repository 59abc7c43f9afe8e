"""`wait`: for a file in a watched folder, by asking again and again (poll), for a time, a person, or a signal."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Literal

from engine.message import InDoubt, Refused, Unavailable, Value
from engine.runtime import signals
from engine.runtime.context import Context
from engine.runtime.outcome import FileWait, Next, Outcome, PlainWait, Wait
from engine.site.calls import CallSettings, build_call
from engine.site.filters import parse_date
from engine.site.nodes import Map, Node
from engine.site.paths import Template
from engine.site.problems import BAD_VALUE, MISSING_KEY, Invalid, invalid
from engine.site.settings import Context as Reading
from engine.site.settings import Duration, build, option
from engine.steps._timeout import OnTimeout, time_over, until_of
from engine.steps.set import as_text

BAD_TIME = "WB-2302"
QUESTION = 160
"""Characters: a question stands in one line of a list."""
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEYS = {
    "file": ("in", "path", "name", "complete", "until", "on_timeout"),
    "poll": ("call", "every", "until", "on_timeout"),
    "time": ("at", "until"),
    "person": ("question", "answers", "until", "on_timeout"),
    "signal": ("from", "labels", "until", "on_timeout"),
}


@dataclass(frozen=True)
class Settings:
    """Each kind of wait has its own keys, as the meanings say; its value is what came.

    A file's value is the file. A person's is `{answer, by, note, at}`. A signal's is `{route, run, at, number}`.
    """

    for_: Literal["file", "poll", "time", "person", "signal"] = option("what is waited for", key="for")
    in_: str = option("file: the folder connection", "", key="in")
    path: Template | None = option("file: the folder, from the connection's root", None)
    name: str = option("file: the pattern of its name", "*")
    complete: Literal["pdf", "any"] = option(
        "file: `any` takes what the folder connection would list as foreign, too", "pdf"
    )
    call: CallSettings | None = option("poll: what is asked; an empty answer means not yet", None)
    every: Duration = option("poll: how often", Duration(60))
    at: Template | None = option(
        "time: a date and time (`2026-11-20 08:00`, usually a path), or the next `08:00`; one that is over: at once",
        None,
    )
    question: str = option("person: what is asked; no patient's data", "")
    answers: tuple[str, ...] = option("person: the words of which one is the answer", ())
    from_: str = option("signal: the route that must send it (default: any)", "", key="from")
    labels: dict[str, Template] = option("signal: labels by which it must have found this run", {})
    until: Duration | None = option("how long; of `for: time` the time itself", None)
    on_timeout: OnTimeout | None = option("what follows when the time is over", None)


def build_settings(node: Node, context: Reading) -> Settings:
    """As `build`, with the inner call read by its channel; raises `Invalid`."""
    if not isinstance(node, Map):
        return build(Settings, node, context)
    call = build_call(node["call"], context) if "call" in node else None
    rest = Map({key: value for key, value in node.items() if key != "call"}, node.at, node.key_at)
    made = dataclasses.replace(build(Settings, rest, context), call=call)
    strange = next((key for key in node if key not in ("for", *_KEYS[made.for_])), None)
    if strange is not None:
        text = f"`{strange}` says nothing with `for: {made.for_}`"
        raise invalid(node.place_of(strange), BAD_VALUE, text, f"its keys are: {', '.join(_KEYS[made.for_])}")
    if fault := _missing(made, node):
        raise fault
    return made


def _missing(made: Settings, node: Map) -> Invalid | None:
    """What its kind of wait needs."""
    if made.for_ == "poll" and made.call is None:
        return invalid(node, MISSING_KEY, "`for: poll` needs a `call`", "write `call: {to: CONNECTION, ...}`")
    if made.for_ == "file" and (not made.in_ or made.path is None):
        return invalid(node, MISSING_KEY, "`for: file` needs `in` and `path`", "write `in: CONNECTION, path: FOLDER`")
    if made.for_ == "time" and (made.at is None) is (made.until is None):
        return invalid(node, MISSING_KEY, "`for: time` needs `until` or `at`", "write `until: 10m`, or `at: PATH`")
    if made.for_ == "person" and not (made.answers and made.question):
        advice = "write `question: TEXT, answers: [WORD, WORD]`"
        return invalid(node, MISSING_KEY, "`for: person` needs `question` and `answers`", advice)
    if len(made.question) > QUESTION:
        return invalid(node["question"], BAD_VALUE, f"longer than {QUESTION} characters", "write one short question")
    bad = next((word for word in made.answers if not _WORD.fullmatch(word)), None)
    if bad is not None:
        advice = "write words of lower-case letters, digits and _, such as `yes`"
        return invalid(node["answers"], BAD_VALUE, f"`{bad[:60]}` is no answer", advice)
    return None


async def perform(settings: Settings, context: Context) -> Outcome:
    match settings.for_:
        case "poll":
            return await _poll(settings, context)
        case "file":
            return await _file(settings, context)
        case "time":
            return await _time(settings, context)
        case "person":
            return await _person(settings, context)
        case _:
            return await _signal(settings, context)


async def _poll(settings: Settings, context: Context) -> Outcome:
    assert settings.call is not None
    note = ""
    try:
        answer: Value = await context.query(settings.call)
    except (Unavailable, InDoubt) as failure:  # a question changes nothing: without an answer it is asked again
        answer, note = None, failure.reason
    if not _empty(answer):
        return Next(answer)
    now, until = context.now(), until_of(settings.until, context)
    due = now + int(settings.every * 1000)
    what = f"an answer of {settings.call.to}"
    if until is not None and now >= until:
        over = time_over(settings.on_timeout, context, what)
        return over if over is not None else Wait(what, due, until, note=note)
    return Wait(what, due if until is None else min(due, until), until, note=note)


async def _file(settings: Settings, context: Context) -> Outcome:
    """The book of files puts the value there when exactly this wait takes a file."""
    values = await context.values()
    if context.step.into in values:
        return Next(note="a file was taken")
    assert settings.path is not None
    folder = (await context.evaluate({"path": settings.path}))["path"]
    if not isinstance(folder, str) or folder.startswith("/") or ".." in folder.split("/"):
        raise Refused("WB-5003", "the folder of a wait is a path below its connection")
    folder = str(PurePosixPath(folder))  # as the folder's connection says it: no `//`, no `/` at the end
    after = context.run.first_try_at if context.run.generation else None
    book = FileWait(settings.in_, folder, settings.name, settings.complete == "any", after)
    return _held(settings, context, "a file", book)


async def _time(settings: Settings, context: Context) -> Outcome:
    began = context.run.first_try_at or context.now()
    if settings.at is None:
        due = until_of(settings.until, context) or began
    else:
        due = _moment((await context.evaluate({"at": settings.at}))["at"], began)
    if context.now() >= due:
        return Next()
    shown = datetime.fromtimestamp(due / 1000).astimezone().isoformat(" ", "minutes")
    return Wait(f"the time {shown}", due, due, PlainWait("time"))


def _moment(value: Value, began: int) -> int:
    """UTC milliseconds of a date and time of the site, or of the first `hh:mm` after the step began."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        if clock := _CLOCK.fullmatch(text):
            start = datetime.fromtimestamp(began / 1000)  # noqa: DTZ006 - a clock on the wall
            moment = start.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
            moment += timedelta(days=moment < start)
        else:
            moment = _dated(text)
        return int(moment.astimezone().timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise Refused(BAD_TIME, "`at` is no date and time such as 2026-11-20 08:00") from None


def _dated(text: str) -> datetime:
    """A zone counts where one is written."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return parse_date(text)
    return moment if moment.tzinfo is not None else parse_date(text)


async def _person(settings: Settings, context: Context) -> Outcome:
    """`engine.ops.persons.answer` puts the value there."""
    given = (await context.values()).get(context.step.into)
    if isinstance(given, dict):
        return Next(note=f"answered: {given['answer']}")
    match = {"question": settings.question, "answers": list(settings.answers)}
    ask = f"{settings.question} ({', '.join(settings.answers)})"
    return _held(settings, context, f"a person: {settings.question}", PlainWait("person", match, ask), "an answer")


async def _signal(settings: Settings, context: Context) -> Outcome:
    labels = {n: as_text(n, v) for n, v in (await context.evaluate(settings.labels)).items()}
    run, values = context.run, await context.values()
    # After a jump back only what comes then counts, as for files.
    since = (run.first_try_at or 0) if run.generation else 0
    used = {value.get("number") for value in values.values() if isinstance(value, dict) and "number" in value}
    came = await context.runtime.store.read(lambda conn: signals.wakes(conn, run.seq, since))
    for one in came:
        if one.number not in used and settings.from_ in ("", one.route) and labels.items() <= one.labels.items():
            at = context.runtime.local_time(one.at)
            return Next({"route": one.route, "run": one.run, "at": at, "number": one.number}, note=f"by {one.route}")
    what = f"a signal of {settings.from_}" if settings.from_ else "a signal"
    return _held(settings, context, what, PlainWait("wake", {"from": settings.from_}))


def _held(
    settings: Settings, context: Context, what: str, registered: FileWait | PlainWait, missing: str = ""
) -> Outcome:
    """Wait until something comes; when the time is over, what `on_timeout` says (of what is missing)."""
    until = until_of(settings.until, context)
    if until is None or context.now() < until:
        return Wait(what, until, until, registered)
    over = time_over(settings.on_timeout, context, missing or what)
    return over if over is not None else Wait(what, None, until, registered, note="overdue")


def _empty(value: Value) -> bool:
    return value is None or value in ("", [], {})
