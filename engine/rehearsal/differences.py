"""What is different between two sides of one message: field by field, each with the step that it comes from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from engine.message import Xml
from engine.rehearsal.context import Sent
from engine.rehearsal.fields import FORM, digest, fields, general
from engine.rehearsal.sides import Side
from engine.rehearsal.walk import Walked

ABSENT = None


@dataclass(frozen=True)
class Difference:
    """One field. what: reply, end, status, label, identity, call, poll, signal, sign, file, order, part, route.

    before, after: None where it is not there at all. plain: no patient's data, shown as it is.
    """

    route: str
    step: str
    what: str
    target: str
    field: str
    before: str | None = dataclasses.field(repr=False)
    after: str | None = dataclasses.field(repr=False)
    part: int = 0
    plain: bool = False

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"

    def place(self) -> tuple[str, ...]:
        """Where it is: the same for equal differences of many messages."""
        return (self.route, self.step, self.what, self.target, general(self.field), self.kind)

    def exact(self) -> tuple[str, ...]:
        """Where it is in this message."""
        return (self.route, self.step, self.what, self.target, self.field, str(self.part))


def differences(before: Side, after: Side, pairs: list[tuple[str, str]]) -> list[Difference]:
    """Everything that is not equal. pairs: names of the routes, before and after; '' where there is none."""
    return [*_reply(before, after, pairs), *_runs(before, after, pairs)]


def _reply(before: Side, after: Side, pairs: list[tuple[str, str]]) -> Iterator[Difference]:
    route = next((new or old for old, new in pairs), "")
    told = [" ".join(part for part in (one.kind, one.code) if part) for one in (before, after)]
    yield from _one(route, "receive", "reply", "", "kind", told[0], told[1], plain=True)
    yield from _values(route, "receive", "reply", "", _body(before.reply), _body(after.reply))
    if before.kind == after.kind == "accepted":
        identity = [" / ".join(one.identity) for one in (before, after)]
        yield from _one(route, "receive", "identity", "", "identity", identity[0], identity[1])


def _body(reply: bytes) -> object:
    """As XML where it is."""
    return Xml(reply) if reply.lstrip()[:1] == b"<" else reply.decode("utf-8", "replace") or None


def _runs(before: Side, after: Side, pairs: list[tuple[str, str]]) -> Iterator[Difference]:
    for old, new in pairs:
        was, now = before.runs.get(old), after.runs.get(new)
        if was is None and now is None:
            continue
        if was is None or now is None:
            there = now or was
            assert there is not None
            text = f"{there.state} {there.code}".strip()
            yield Difference(new or old, "", "route", "", "run", text if was else None, text if now else None,
                             plain=True)  # fmt: skip
            yield from _gone_or_new(there, new or old, came=was is None)
            continue
        yield from _walked(was, now, new)


def _gone_or_new(there: Walked, route: str, *, came: bool, part: int = 0) -> Iterator[Difference]:
    for sent in there.sent:
        yield _whole(sent, route, part, came=came)
    for number, one in enumerate(there.parts, 1):
        yield from _gone_or_new(one, route, came=came, part=number)


def _walked(was: Walked, now: Walked, route: str, part: int = 0) -> Iterator[Difference]:
    yield from _one(route, now.step, "end", "", "state", _end(was), _end(now), plain=True, part=part)
    yield from _one(route, now.step, "status", "", "status", was.status, now.status, plain=True, part=part)
    for name in sorted({*was.labels, *now.labels}):
        texts = (was.labels.get(name) or None, now.labels.get(name) or None)
        yield from _one(route, "", "label", "", name, *texts, part=part)
    yield from _sent(was.sent, now.sent, route, part)
    yield from _parts(was, now, route)


def _end(walked: Walked) -> str:
    step = walked.step if walked.state not in ("done", "split") else ""
    return " ".join(text for text in (walked.state, step, walked.code) if text)


def _parts(was: Walked, now: Walked, route: str) -> Iterator[Difference]:
    pairs = _paired(was.parts, now.parts)
    for number, one in enumerate(now.parts, 1):
        mate = pairs.get(number - 1)
        if mate is None:
            yield Difference(route, now.step, "part", "", "part", ABSENT, _end(one), number, plain=True)
            yield from _gone_or_new(one, route, came=True, part=number)
            continue
        yield from _one(route, now.step, "part", "", "identity", mate.key, one.key, part=number)
        yield from _walked(mate, one, route, number)
    for number, gone in enumerate(was.parts, 1):
        if all(gone is not mate for mate in pairs.values()):
            yield Difference(route, was.step, "part", "", "part", _end(gone), ABSENT, number, plain=True)
            yield from _gone_or_new(gone, route, came=False, part=number)


def _paired(was: list[Walked], now: list[Walked]) -> dict[int, Walked]:
    """By identity; what is left in order, where as many are left on both sides."""
    keyed = {one.key: one for one in was if one.key}
    pairs = {at: keyed[one.key] for at, one in enumerate(now) if one.key in keyed}
    left = [one for one in was if all(one is not mate for mate in pairs.values())]
    missing = [at for at in range(len(now)) if at not in pairs]
    return pairs | (dict(zip(missing, left, strict=True)) if len(missing) == len(left) else {})


# ---- what goes out


def _sent(was: list[Sent], now: list[Sent], route: str, part: int) -> Iterator[Difference]:
    pairs, gone, come = _matched(was, now)
    for old, new in pairs:
        yield from _request(old, new, route, part)
    for sent in gone:
        yield _whole(sent, route, part, came=False)
    for sent in come:
        yield _whole(sent, route, part, came=True)
    order = [index for _, index in sorted((was.index(old), now.index(new)) for old, new in pairs)]
    if order != sorted(order):
        texts = [" > ".join(sent.step for sent in one) for one in (was, now)]
        yield Difference(route, "", "order", "", "order", texts[0], texts[1], part, plain=True)


def _matched(was: list[Sent], now: list[Sent]) -> tuple[list[tuple[Sent, Sent]], list[Sent], list[Sent]]:
    """By the step whose record they have, then by connection and operation, in order."""
    left, pairs, come = list(was), [], []
    later = []
    for new in now:
        mate = next((old for old in left if (old.step, old.visit, old.kind) == (new.origin, new.visit, new.kind)), None)
        if mate is None:
            later.append(new)
            continue
        left.remove(mate)
        pairs.append((mate, new))
    for new in later:
        same = (new.kind, new.connection, new.operation)
        mate = next((old for old in left if (old.kind, old.connection, old.operation) == same), None)
        if mate is None:
            come.append(new)
            continue
        left.remove(mate)
        pairs.append((mate, new))
    return pairs, left, come


def _request(old: Sent, new: Sent, route: str, part: int) -> Iterator[Difference]:
    target = target_of(new)
    yield from _one(route, new.step, new.kind, target, "to", target_of(old), target, plain=True, part=part)
    yield from _values(route, new.step, new.kind, target, dict(old.arguments), dict(new.arguments), part)


def target_of(sent: Sent) -> str:
    """Where it goes: connection and operation, of a signal route and act."""
    return f"{sent.connection} {sent.operation}"


def _whole(sent: Sent, route: str, part: int, *, came: bool) -> Difference:
    text = ", ".join(f"{path} = {text}" for path, text in fields(dict(sent.arguments)).items())
    before, after = (None, text) if came else (text, None)
    return Difference(route, sent.step, sent.kind, target_of(sent), "(all)", before, after, part)


def _values(
    route: str, step: str, what: str, target: str, before: object, after: object, part: int = 0
) -> Iterator[Difference]:
    if before == after:
        return
    old, new = fields(before), fields(after)
    found = False
    for path in [*old, *(path for path in new if path not in old)]:
        if old.get(path) != new.get(path):
            found = True
            yield Difference(route, step, what, target, path.lstrip("/"), old.get(path), new.get(path), part)
    if not found and digest(before) != digest(after):
        text = ("as it was", "in another order, or with other blanks")
        yield Difference(route, step, what, target, FORM, *text, part, plain=True)


def _one(
    route: str, step: str, what: str, target: str, name: str, before: str | None, after: str | None, *,
    part: int = 0, plain: bool = False,
) -> Iterator[Difference]:  # fmt: skip
    if before != after:
        yield Difference(route, step, what, target, name, before, after, part, plain)
