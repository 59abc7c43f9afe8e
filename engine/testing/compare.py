"""What a test expects against what is there: each difference with the line of the test, expected and got."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from engine.message import Blob, Failure, Hl7, Refused, Reply, Value, Xml
from engine.runtime.values import decode
from engine.site import filters
from engine.site.nodes import Place
from engine.site.path_text import PathError
from engine.site.paths import Look, Template, XPath, as_value
from engine.store.blobs import Blobs
from engine.store.schema import attention, event, label, message, run, value
from engine.testing.model import Arguments, Expect, Matcher, Paths, Replied, RunIs
from engine.transform import reading

if TYPE_CHECKING:
    from engine.testing.happen import Replies
    from engine.testing.mocks import Sent
    from engine.testing.stage import Stage

SHOWN = 300


@dataclass(frozen=True)
class Difference:
    """One thing that is not as expected."""

    at: Place
    what: str
    expected: str
    got: str

    def text(self) -> str:
        return f"{self.at}: {self.what}\n    - expected: {self.expected}\n    + got:      {self.got}"


def differences(stage: Stage, expect: Expect, replies: Replies, *, exact: bool = True) -> list[Difference]:
    """Everything that is not as expected. exact: false after a kill, when attempts may be more."""
    engine = stage.engine
    assert engine is not None
    found = list(_replies(expect, replies, stage))
    found += engine.read(lambda conn: list(_stored(conn, stage, expect)))
    for name, wishes in expect.sent.items():
        found += _sent(name, wishes, stage, expect, exact)
    return found


# ---- replies


def _replies(expect: Expect, replies: Replies, stage: Stage) -> Iterator[Difference]:
    if expect.reply is None:
        return
    if isinstance(expect.reply, Replied):
        if replies.replies:
            last = len(replies.replies) - 1
            yield from _reply(expect.reply, replies.replies[-1], last in replies.again, stage)
        return
    if len(expect.reply) != len(replies.replies):
        got = ", ".join(kind_of(reply) for reply in replies.replies)
        yield Difference(expect.at, "replies", str(len(expect.reply)), f"{len(replies.replies)} ({got})")
        return
    for index, (wish, got_reply) in enumerate(zip(expect.reply, replies.replies, strict=True)):
        yield from _reply(wish, got_reply, index in replies.again, stage)


def kind_of(reply: Reply | Failure) -> str:
    """One word for what became of a message."""
    return reply.kind if isinstance(reply, Reply) else type(reply).__name__.lower()


def _reply(wish: Replied, got: Reply | Failure, again: bool, stage: Stage) -> Iterator[Difference]:
    kind = kind_of(got)
    if again and wish.kind == "accepted" and kind == "repeat":
        kind = "accepted"  # it was durable before the engine ended, and its sender came again
    if wish.kind is not None and kind != wish.kind:
        yield Difference(wish.at, "kind of the reply", wish.kind, f"{kind} {got.code} {got.reason}".strip())
    for name, matcher in (("code", wish.code), ("reason", wish.reason)):
        if matcher is not None:
            yield from _text(matcher, f"{name} of the reply", [getattr(got, name)])
    body = got.body if isinstance(got, Reply) else b""
    text = body.decode("utf-8", "replace")
    if wish.contains and wish.contains not in text:
        yield Difference(wish.at, "body of the reply", f"contains {wish.contains}", short(text))
    if wish.xpath:
        yield from paths_in(wish.xpath, Xml(body), "reply", stage.site.namespaces)


# ---- the store


def _stored(conn: Connection, stage: Stage, expect: Expect) -> Iterator[Difference]:
    if expect.attention is not None:
        rows = conn.execute(select(attention.c.kind).where(attention.c.closed_at.is_(None)).order_by(attention.c.id))
        yield from _list(expect.at, "open entries in Attention", expect.attention, [row.kind for row in rows])
    if expect.messages is not None:
        outcomes = [row.outcome for row in conn.execute(select(message.c.outcome).order_by(message.c.seq))]
        yield from _list(expect.at, "outcomes of the messages", expect.messages, outcomes)
    route = stage.case.route
    if expect.run is not None:
        rows_ = leaves(conn, route)
        if len(rows_) == 1:
            yield from _run(conn, stage, expect.run, rows_[0], f"run of {route}")
        else:
            states = ", ".join(row["state"] for row in rows_) or "none"
            text = f"{len(rows_)} runs ({states}): write `runs: [{{...}}]`" if rows_ else "none"
            yield Difference(expect.at, f"runs of {route}", "one", text)
    if expect.runs is not None:
        yield from _runs(conn, stage, expect, route)


def _runs(conn: Connection, stage: Stage, expect: Expect, route: str) -> Iterator[Difference]:
    wishes: dict[str, list[RunIs]] = {route: []} if not expect.runs else {}
    for wish in expect.runs or ():
        wishes.setdefault(wish.route or route, []).append(wish)
    for name, wanted in wishes.items():
        rows = leaves(conn, name)
        if len(rows) != len(wanted):
            states = ", ".join(row["state"] for row in rows) or "none"
            yield Difference(expect.at, f"runs of {name}", str(len(wanted)), f"{len(rows)}: {states}")
            continue
        for number, (wish, row) in enumerate(zip(wanted, rows, strict=True), 1):
            yield from _run(conn, stage, wish, row, f"run {number} of {name}")


def leaves(conn: Connection, route: str) -> list[Any]:
    """The runs of a route that are no parents of parts, oldest first."""
    query = select(run).where(run.c.route == route, run.c.children == 0).order_by(run.c.seq)
    return list(conn.execute(query).mappings())


def _run(conn: Connection, stage: Stage, wish: RunIs, row: Any, what: str) -> Iterator[Difference]:
    for name in ("state", "status", "step", "waits_for", "code", "reason"):
        matcher: Matcher | None = getattr(wish, name)
        if matcher is not None:
            for difference in _text(matcher, f"{name} of the {what}", [row[name] or ""]):
                why = f" ({row['code']} {row['reason']} at step {row['step']})" if name == "state" else ""
                yield Difference(difference.at, difference.what, difference.expected, difference.got + why)
    if wish.labels:
        own = {r.name: r.value for r in conn.execute(select(label).where(label.c.run == row["seq"]))}
        for name, matcher in wish.labels.items():
            yield from _text(matcher, f"label {name} of the {what}", [own[name]] if name in own else [])
    if wish.values:
        values = values_of(conn, stage, row)
        for path, matcher in wish.values.items():
            yield from _path(matcher, path, _whole_path(path), values, f"value {path} of the {what}", stage)
    if wish.events is not None:
        kinds = [r.kind for r in conn.execute(select(event).where(event.c.run == row["seq"]).order_by(event.c.seq))]
        rest = iter(kinds)
        if not all(kind in rest for kind in wish.events):
            yield Difference(wish.at, f"events of the {what}", ", ".join(wish.events), ", ".join(kinds))


def values_of(conn: Connection, stage: Stage, row: Any) -> dict[str, Value]:
    """All values of a run that can be read as such; `body` of the message where it has none of its own."""
    assert stage.engine is not None
    found: dict[str, Value] = {}
    for one in conn.execute(select(value).where(value.c.run == row["seq"])).mappings():
        data = one["data"] if one["blob"] is None else stage.engine.blobs.read(Blob(one["blob"], 0))
        found[one["name"]] = decode(one["kind"], data)
    if "body" not in found:
        found["body"] = _body(conn, stage.engine.blobs, row["message_id"])
    return found


def _body(conn: Connection, blobs: Blobs, message_id: str) -> Value:
    row = conn.execute(select(message).where(message.c.id == message_id)).mappings().one()
    data = row["body"] if row["body"] is not None else blobs.read(Blob(row["blob"], row["size"]))
    try:
        return reading.read(data, row["content_type"])
    except Refused:
        return bytes(data)


# ---- what went out


def _sent(name: str, wishes: Sequence[Arguments], stage: Stage, expect: Expect, exact: bool) -> Iterator[Difference]:
    got = stage.peers[name].delivered()
    if len(got) != len(wishes):
        listed = ", ".join(one.operation for one in got) or "nothing"
        yield Difference(expect.at, f"sent to {name}", f"{len(wishes)}", f"{len(got)}: {listed}")
        return
    left = list(got)
    for wish in wishes:
        tries = [list(_request(wish, one, name, stage, exact)) for one in left]
        best = min(range(len(left)), key=lambda index: len(tries[index]))
        yield from tries[best]
        left.pop(best)


def _request(wish: Arguments, got: Sent, name: str, stage: Stage, exact: bool) -> Iterator[Difference]:
    if wish.operation and wish.operation != got.operation:
        yield Difference(wish.at, f"operation sent to {name}", wish.operation, got.operation)
    if wish.attempts is not None and exact:
        yield from _text(wish.attempts, f"attempts at {name} {got.operation}", [str(got.attempts)])
    for argument, inner in wish.arguments.items():
        what = f"{name} {got.operation} {argument}"
        if argument not in got.arguments:
            known = ", ".join(got.arguments)
            yield Difference(wish.at, what, "an argument of this name", f"the call has {known}")
        elif isinstance(inner, Matcher):
            yield from _text(inner, what, [_shown(got.arguments[argument])])
        else:
            yield from paths_in(inner, got.arguments[argument], what, stage.site.namespaces)


# ---- texts


def paths_in(wishes: Paths, value_: Value, what: str, namespaces: Mapping[str, str]) -> Iterator[Difference]:
    """Each path into one value."""
    for path, matcher in wishes.items():
        yield from _found(matcher, f"{what} {path}", lambda path=path: look(path, value_, namespaces))


def look(path: str, value_: Value, namespaces: Mapping[str, str]) -> list[str]:
    """The texts that a path finds in a value: XPath in XML, fields in HL7, slash paths elsewhere."""
    if isinstance(value_, Xml) and (path.startswith("/") or re.search(r"[()='\"*|]", path)):
        return [_shown(as_value(node)) for node in Look({"body": value_}, namespaces).find(XPath(path))]
    part = Template(f"$(body/{path})").single
    assert part is not None
    return [_shown(as_value(node)) for node in Look({"body": value_}, namespaces).find(part)]


def _whole_path(path: str) -> str:
    return path if path.startswith("//") else f"$({path})"


def _path(
    matcher: Matcher, path: str, template: str, values: Mapping[str, Value], what: str, stage: Stage
) -> Iterator[Difference]:
    def find() -> list[str]:
        part = Template(template).single
        if part is None:
            raise PathError(f"`{path}` is no path to a value", 1)
        return [_shown(as_value(node)) for node in Look(values, stage.site.namespaces).find(part)]

    yield from _found(matcher, what, find)


def _found(matcher: Matcher, what: str, find: Any) -> Iterator[Difference]:
    try:
        texts = find()
    except (PathError, Refused) as error:
        yield Difference(matcher.at, what, wished(matcher), getattr(error, "reason", str(error)))
        return
    yield from _text(matcher, what, texts)


def _text(matcher: Matcher, what: str, texts: list[str]) -> Iterator[Difference]:
    if not fits(matcher, texts):
        got = " | ".join(short(text) for text in texts[:5]) if texts else "nothing"
        yield Difference(matcher.at, what, wished(matcher), got or "an empty text")


def fits(matcher: Matcher, texts: list[str]) -> bool:
    """Whether what was found is what was wished."""
    wish = matcher.text or ""
    match matcher.form:
        case "absent":
            return not any(text.strip() for text in texts)
        case "present":
            return any(text.strip() for text in texts)
        case "count":
            return str(len(texts)) == wish
    if len(texts) != 1:
        return wish == "" and matcher.form == "is" and not texts
    if matcher.form == "contains":
        return wish in texts[0]
    if matcher.form == "matches":
        return re.fullmatch(wish, texts[0], re.DOTALL) is not None
    return texts[0].strip() == wish.strip()


def wished(matcher: Matcher) -> str:
    """The wish in words."""
    return str(matcher.text) if matcher.form == "is" else f"{matcher.form} {matcher.text}"


def _shown(value_: Any) -> str:
    if isinstance(value_, Xml | Hl7):
        return value_.data.decode("utf-8", "replace")
    if isinstance(value_, Blob):
        return f"document {value_.sha256} {value_.name}".strip()
    if isinstance(value_, bool):
        return "true" if value_ else "false"
    if value_ is None:
        return ""
    if isinstance(value_, str | int | float):
        return filters.as_text(value_, "a comparison")
    return str(value_)


def short(text: str) -> str:
    """Enough of a text to see what it is."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}..."


def _list(at: Place, what: str, expected: Sequence[str], got: Sequence[str]) -> Iterator[Difference]:
    if list(expected) != list(got):
        yield Difference(at, what, ", ".join(expected) or "none", ", ".join(got) or "none")
