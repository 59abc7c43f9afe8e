"""What a step is given: the run, its values, evaluation, workers, and the protocol of effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from engine.message import INLINE_LIMIT, Blob, Hl7, InDoubt, Refused, Request, Response, Unavailable, Value, Xml
from engine.points import point
from engine.runtime import joined, journal, ledger, signals
from engine.runtime.outcome import EffectEnd, Run
from engine.runtime.settle import Draft
from engine.runtime.values import Encoded, decode, encode, is_large
from engine.site.calls import CallSettings
from engine.site.conditions import Condition, holds
from engine.site.model import Route, Site, Step
from engine.site.paths import Look, Template, XPath, fill
from engine.site.walk import Form
from engine.store.clock import local
from engine.transform import mapping
from engine.transform.xslt import RunHeader

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from engine.runtime.ahead import Begun
    from engine.runtime.runtime import Runtime

NOT_EXPECTED = "WB-2007"


@dataclass(frozen=True, slots=True)
class Called:
    """A call that went well: its answer, and how its effect is to be written with the step's outcome."""

    value: Value
    effect: EffectEnd
    summary: str = ""


class Context:
    """One run at its current step. Values are loaded once and kept in memory while the run goes on."""

    def __init__(self, runtime: Runtime, run: Run, route: Route, seed: Mapping[str, Value] | None = None) -> None:
        self.runtime = runtime
        self.run = run
        self.route = route
        self.draft = Draft()
        self._values: dict[str, Value] | None = None if seed is None else dict(seed)
        # The effect whose attempt has begun: how the step fails says how it ended. None: the ledger stays as it is.
        self.effect_key: str | None = None
        # The call of this step is intended already, with its arguments: see `engine.runtime.ahead`.
        self.begun: Begun | None = None

    @property
    def step(self) -> Step:
        return self.route.step(self.run.step)

    @property
    def site(self) -> Site:
        return self.runtime.site

    def now(self) -> int:
        return self.runtime.now()

    def forget(self) -> None:
        """A signal changed the values: load them again."""
        self._values = None

    async def values(self) -> dict[str, Value]:
        """All values by name: `body`, `meta`, and what steps left. Do not change it."""
        if self._values is None:
            self._values = await self._load()
        return self._values

    async def _load(self) -> dict[str, Value]:
        rows, message = await self.runtime.store.read(self._read)
        loaded: dict[str, Value] = {"meta": dict(message["meta"])}
        for row in rows:
            data = row["data"] if row["blob"] is None else await self._blob_bytes(row["blob"])
            loaded[row["name"]] = decode(row["kind"], data)
        if "body" not in loaded:
            loaded["body"] = await self.runtime.body_of(message)
        return loaded

    def _read(self, conn: Connection) -> tuple[list[Any], Mapping[str, Any]]:
        return journal.values_of(conn, self.run.seq), self.runtime.message_row(conn, self.run.message_id)

    async def _blob_bytes(self, sha256: str) -> bytes:
        return cast(bytes, await self.runtime.in_thread("blobs", self.runtime.blobs.read, Blob(sha256, 0)))

    async def keep(self, name: str, value: Value) -> Value:
        """Put a value into the draft (with changes that came for it before it was made) and into memory."""
        values = await self.values()
        changes = values.get(signals.OVERRIDES)
        if isinstance(changes, dict):
            value = signals.with_changes(name, value, changes)
        encoded = encode(value)
        self.draft.values[name] = (encoded, await self.as_blob(encoded))
        values[name] = value
        return value

    async def as_blob(self, encoded: Encoded) -> str | None:
        """The hash of a value that is too large to be kept in its row."""
        if not is_large(encoded):
            return None
        blob = await self.runtime.in_thread("blobs", self.runtime.blobs.put, encoded[1])
        return cast(Blob, blob).sha256

    def label(self, name: str, text: str) -> None:
        phi = any(entry.phi for entry in self.route.labels if entry.name == name)
        self.draft.labels[name] = (text, phi)

    def overdue(self, text: str) -> None:
        """The time of this wait is over: an entry in Attention, once."""
        self.draft.overdue = text

    async def evaluate(self, named: Mapping[str, Template | XPath]) -> dict[str, Value]:
        """Each template's value. Small documents are read here, large ones in a worker."""
        if not named:
            return {}
        values = await self.values()
        spaces = self.site.namespaces
        if is_small(values) or all(_whole(template, values) for template in named.values()):
            return evaluated(named, values, spaces)
        result = await self.job("engine.transform.jobs:evaluate", dict(named), values, spaces)
        return cast("dict[str, Value]", result)

    async def holds(self, condition: Condition, values: Mapping[str, Value] | None = None) -> bool:
        values = await self.values() if values is None else values
        if is_small(values):
            return holds(condition, values, self.site.namespaces)
        answers = await self.job("engine.transform.jobs:evaluate", {"c": condition}, values, self.site.namespaces)
        return bool(answers["c"])

    async def job(self, name: str, *args: Any, heavy: bool = False, deadline: float | None = None) -> Any:
        return await self.runtime.workers.run(name, *args, heavy=heavy, deadline=deadline)

    async def transform(self, path: Path, at: int, key: str = "", settings: Mapping[str, str] | None = None) -> Value:
        """Run a stylesheet (`.xsl`), mapping table (`.yaml`) or plug-in (`.py`) on this run's values.

        A small table is filled here, for the way to a worker costs more than the work; code never runs here.
        """
        values = await self.values()
        header = RunHeader(
            id=self.run.id, seq=self.run.seq, at=self.runtime.local_time(at), attempt=self.run.attempts, key=key
        )
        if path.suffix == ".yaml":
            spaces = self.site.namespaces
            if is_small(values) and mapping.simple(path):
                return mapping.mapping(path, values, spaces, header)
            return cast(Value, await self.job("engine.transform.jobs:mapping", str(path), values, spaces, header))
        own = {name: value for name, value in values.items() if not name.startswith("~")}
        if path.suffix == ".py":
            job = "engine.transform.jobs:plugin"
            return cast(Value, await self.job(job, str(path), own, header, dict(settings or {})))
        body = own.pop("body")
        return cast(Value, await self.job("engine.transform.jobs:xslt", str(path), header, body, own))

    async def arguments(self, call: CallSettings, at: int, key: str) -> Any:
        """The call's settings with every template evaluated and every transform run."""
        form = form_of(call)
        results: dict[str, Any] = dict(await self.evaluate(form.templates))
        for name, path in form.files.items():
            results[name] = await self.transform(path, at, key)
        return form.filled(results)

    async def query(self, call: CallSettings) -> Value:
        """A call that changes nothing (a poll): no entry in the ledger."""
        at = self.run.first_try_at or self.now()
        key = ledger.effect_key(self.run, self.step.id)
        arguments, entry = await self.arguments(call, at, key), ledger.Entry(key, "", at, 1)
        asked = request_of(self.runtime, self.run, call, arguments, entry, await self.values())
        response = await self.runtime.send(call.to, asked)
        if call.expect is not None and not await self._expected(call, response.value):
            return None
        return response.value

    async def call(self, call: CallSettings) -> Called:
        """One effect, by the ledger. Raises `Unavailable`, `Refused`, `InDoubt` (then a person decides)."""
        begun, self.begun = self.begun, None
        if begun is not None:
            return await self._go_on(call, begun)
        self.runtime.check_gate(call.to)  # before the ledger: what is paused, or fails fast, was not intended
        key = ledger.effect_key(self.run, self.step.id)
        known = None
        if self.run.attempts > 1:  # a fresh step has no effect yet; a claimed one may
            known = await self.runtime.store.read(lambda conn: ledger.get(conn, self.run, key))
        at = known.at if known is not None else self.now()
        arguments = await self.arguments(call, at, key)
        # What cannot be repeated is intended only when it is its turn: a crash leaves few in doubt.
        alone = call.in_doubt != "repeat" and self.runtime.repeat(call, arguments) == "unknown"
        turn = self.runtime.turn(call.to) if alone else None
        if turn is not None:
            await self.runtime.parked(turn.acquire())
        try:
            response = await self._effect(call, arguments, key, at)
        finally:
            if turn is not None:
                turn.release()
        if response is None:
            return Called(None, EffectEnd(key, "done"), "a person says that it arrived")
        return await self._called(call, key, response)

    async def _go_on(self, call: CallSettings, begun: Begun) -> Called:
        """The first attempt of a call that was intended with the message, if it was not made already."""
        came = begun.came
        if came is None:
            point(f"step.{self.run.step}.intended")
        response = came if isinstance(came, Response) else await self._attempt(
            call, begun.ahead.arguments, begun.entry, came
        )  # fmt: skip
        point(f"step.{self.run.step}.called")
        return await self._called(call, begun.entry.key, response)

    async def _called(self, call: CallSettings, key: str, response: Response) -> Called:
        if call.expect is not None and not await self._expected(call, response.value):
            self._not_expected(call)
        return Called(response.value, EffectEnd(key, "done"), response.summary)

    async def _effect(self, call: CallSettings, arguments: Any, key: str, at: int) -> Response | None:
        point(f"step.{self.step.id}.before_intended")
        entry = await self._intend(call, arguments, key, at)
        point(f"step.{self.step.id}.intended")
        response = await self._perform(call, arguments, entry)
        point(f"step.{self.step.id}.called")
        return response

    async def _perform(self, call: CallSettings, arguments: Any, entry: ledger.Entry) -> Response | None:
        """Make the attempt, unless the ledger says that it was made; None when a person vouches for it."""
        if entry.state in ("done", "arrived"):
            return None
        if entry.state in ("intended", "doubt", "ask"):
            answered = await self._settle_doubt(call, arguments, entry)
            if answered is not None:
                return answered
        return await self._attempt(call, arguments, entry)

    async def _attempt(
        self, call: CallSettings, arguments: Any, entry: ledger.Entry, failed: Exception | None = None
    ) -> Response:
        """failed: how it went, when it was made already."""
        self.effect_key = entry.key
        try:
            if failed is not None:
                raise failed
            values = await self.values() if self._values is None else self._values
            return await self.runtime.send(call.to, request_of(self.runtime, self.run, call, arguments, entry, values))
        except InDoubt as error:
            repeat = self.runtime.repeat(call, arguments)
            if repeat == "same" or (repeat == "unknown" and call.in_doubt == "repeat"):
                raise Unavailable(error.code, error.reason) from error
            if repeat != "ask":
                raise
            answered = await self._ask(call, arguments, entry)
            if answered is not None:
                return answered
            raise Unavailable(error.code, error.reason) from error

    async def _settle_doubt(self, call: CallSettings, arguments: Any, entry: ledger.Entry) -> Response | None:
        """An attempt that was cut off: repeat, ask, or leave it to a person. None: it may be made again."""
        repeat = self.runtime.repeat(call, arguments)
        if repeat == "ask" or entry.state == "ask":
            answered = await self._ask(call, arguments, entry)
            if answered is not None:
                return answered
        elif repeat == "unknown" and call.in_doubt != "repeat":
            self.effect_key = entry.key
            raise InDoubt("WB-3007", "the engine stopped while the request was under way")
        await self.runtime.store.write(lambda conn: ledger.again(conn, self.run, entry.key))
        return None

    async def _ask(self, call: CallSettings, arguments: Any, entry: ledger.Entry) -> Response | None:
        """What became of an attempt. A question that gets no answer leaves the doubt, and is asked again."""
        request = request_of(self.runtime, self.run, call, arguments, entry, await self.values())
        self.effect_key = None
        try:
            answered = await self.runtime.ask(call.to, request)
        except InDoubt as error:
            raise Unavailable(error.code, error.reason) from error
        except Refused as error:
            self.effect_key = entry.key
            raise InDoubt(error.code, f"the peer does not say whether it was done: {error.reason}") from error
        self.effect_key = entry.key
        return answered

    async def _intend(self, call: CallSettings, arguments: Any, key: str, at: int) -> ledger.Entry:
        intent = ledger.Intent(key, call.to, call.operation, self.runtime.owns(call, arguments))
        item = joined.Intending(self.run, self.draft, intent, at)
        store = self.runtime.store
        entry: ledger.Entry
        if joined.may_intend(item):
            entry, woken = await store.join(joined.INTEND, item)
        else:
            entry, woken = await store.write(lambda conn: joined.intend_alone(conn, item))
        self.draft.clear()
        if woken:
            self.runtime.dispatcher.poke()
        return entry

    async def send(self, connection: str, operation: str, arguments: dict[str, Any], key: str, at: int) -> Value:
        """A request of a signing job: the job is its own ledger."""
        request = Request(
            operation, arguments, key, local(at), self.run.seq, self.run.id,
            timeout=self.runtime.connection_timeout(connection),
        )  # fmt: skip
        return (await self.runtime.send(connection, request)).value

    async def _expected(self, call: CallSettings, answer: Value) -> bool:
        assert call.expect is not None
        return await self.holds(call.expect, {"body": answer, "answer": answer})

    def _not_expected(self, call: CallSettings) -> None:
        reason = f"{call.to} answered {call.operation}, but not as expected"
        if call.not_expected == "refuse":
            raise Refused(NOT_EXPECTED, reason)
        raise Unavailable(NOT_EXPECTED, reason)


def request_of(
    runtime: Runtime, run: Run, call: CallSettings, arguments: Any, entry: ledger.Entry, values: Mapping[str, Value]
) -> Request:
    """One attempt of a call."""
    blobs = {name: value for name, value in values.items() if isinstance(value, Blob)}
    return Request(
        call.operation, arguments, entry.key, local(entry.at), run.seq, run.id, entry.attempt, runtime.timeout(call),
        blobs,
    )  # fmt: skip


# Tuples, as this is asked for each message: a union would be made anew each time.
_TEXTS, _DOCUMENTS, _HOLDERS = (str, bytes), (Xml, Hl7), (dict, list)
_forms: dict[int, tuple[CallSettings, Form]] = {}
_MOST_FORMS = 2000


def form_of(call: CallSettings) -> Form:
    """The arguments of a call, looked through once. The call is kept with it, so its id stays its own."""
    known = _forms.get(id(call))
    if known is None:
        if len(_forms) > _MOST_FORMS:  # reloads leave old ones behind
            _forms.clear()
        known = _forms[id(call)] = (call, Form(call.arguments))
    return known[1]


def evaluated(
    named: Mapping[str, Template | XPath], values: Mapping[str, Value], namespaces: Mapping[str, str]
) -> dict[str, Value]:
    """Each template's value."""
    found: dict[str, Value] = {}
    look: Look | None = None
    for name, template in named.items():
        whole = _whole(template, values)
        if whole:
            found[name] = values[whole]
            continue
        look = look or Look(values, namespaces)
        found[name] = fill(_template(template), look)
    return found


def _whole(template: Template | XPath, values: Mapping[str, Value]) -> str:
    """The name of the value that a template is, when it is just that and there is one."""
    name = template.whole if isinstance(template, Template) else None
    return name if name and name in values else ""


def _template(template: Template | XPath) -> Template:
    return template if isinstance(template, Template) else Template(template.text)


def is_small(values: Mapping[str, Value]) -> bool:
    """Whether all values together are small enough to be worked on in this process."""
    room = INLINE_LIMIT
    waiting: list[Any] = [values.values()]
    while waiting:
        for value in waiting.pop():
            if isinstance(value, _TEXTS):
                room -= len(value)
            elif isinstance(value, _DOCUMENTS):
                room -= len(value.data)
            elif isinstance(value, _HOLDERS):
                room -= 8 * len(value)
                waiting.append(value.values() if isinstance(value, dict) else value)
            else:
                room -= 8
        if room < 0:
            return False
    return True
