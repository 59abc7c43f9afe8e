"""A stored message as a test of its route: what came in, what the peers really answered, and how it ended."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from engine.message import Blob, Hl7, Value, Xml
from engine.rehearsal.fixture import Replacing, clean, raw
from engine.rehearsal.record import EffectRecord, RunRecord, Stored
from engine.site.calls import CallSettings
from engine.site.model import Route, Step

SUFFIX = {"xml": ".xml", "hl7": ".hl7"}
DAY = "1d"


@dataclass
class Written:
    """The test as YAML, and the files that it names. unsaid: what the test cannot say."""

    text: str = field(repr=False)
    files: dict[str, bytes] = field(repr=False)
    unsaid: list[str]


class AsTest:
    """Writes one test. name: of the files."""

    def __init__(self, stored: Stored, route: Route, replacing: Replacing, name: str) -> None:
        self._stored = stored
        self._route = route
        self._replacing = replacing
        self._name = name
        self._files: dict[str, bytes] = {}
        self._unsaid: list[str] = []
        record = stored.runs.get(route.name)
        self._leaves = [] if record is None else _leaves_of(record)

    def written(self, file: str, labels: Callable[[RunRecord], dict[str, str]]) -> Written:
        """file: the message's own. labels: of a run, as they are without persons."""
        stored = self._stored
        given: dict[str, Any] = {"connection": stored.connection, "operation": stored.operation, "file": file}
        if not given["operation"]:
            del given["operation"]
        case: dict[str, Any] = {"test": f"what happened to a message of {stored.connection}", "given": given}
        mocks = self._mocks()
        if mocks:
            case["mocks"] = mocks
        then, stop = self._events()
        if then:
            case["then"] = then
        case["expect"] = self._expect(stop, labels)
        text = yaml.safe_dump(
            {"route": self._route.name, "tests": [case]}, allow_unicode=True, sort_keys=False, width=120
        )
        return Written(text, self._files, self._unsaid)

    # ---- peers

    def _mocks(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for record in self._leaves:
            for step in self._route.steps:
                call = _call_of(step)
                rule = None if call is None else self._rule(step, call, record)
                if call is None or rule is None:
                    continue
                rules = found.setdefault(call.to, [])
                if rule not in rules:
                    rules.append(rule)
        for rules in found.values():
            counts = Counter(rule["operation"] for rule in rules)
            for rule in rules:
                if counts[rule["operation"]] > 1:
                    rule["times"] = "1"
        return found

    def _rule(self, step: Step, call: CallSettings, record: RunRecord) -> dict[str, Any] | None:
        effect: EffectRecord | None = record.effects.get(step.id)
        if step.into in record.values:
            answer = self._answer(record.values[step.into], step.id)
            return {"operation": call.operation, **({"answer": answer} if answer else {})}
        if effect is None or effect.state in ("done", "arrived"):
            return None
        fail = {"refused": "refused", "unavailable": "unavailable"}.get(effect.state, "in_doubt")
        return {"operation": call.operation, "fail": fail}

    def _answer(self, value: Value, step: str) -> dict[str, Any] | None:
        if value is None:
            return None
        made = clean(value, self._replacing)
        if isinstance(made, str):
            return {"text": made}
        if isinstance(made, Xml | Hl7 | Blob):
            return {"file": self._file(made, step)}
        return {"json": json.dumps(json.loads(raw(made)), ensure_ascii=False)}

    def _file(self, value: Value, step: str) -> str:
        data = self._replacing.document() if isinstance(value, Blob) else raw(value)
        suffix = ".pdf" if isinstance(value, Blob) else SUFFIX["hl7" if isinstance(value, Hl7) else "xml"]
        name = f"{self._name}-{step}{suffix}"
        number = 2
        while self._files.get(name, data) != data:
            name = f"{self._name}-{step}-{number}{suffix}"
            number += 1
        self._files[name] = data
        return name

    # ---- what happened

    def _events(self) -> tuple[list[dict[str, Any]], Step | None]:
        """The events in order, and the step at which the test ends because it cannot say what came there."""
        found: list[dict[str, Any]] = []
        for step in self._route.steps:
            if step.verb not in ("wait", "sign", "signal") or not any(_came_to(self._route, one, step)
                                                                      for one in self._leaves):  # fmt: skip
                continue
            event = self._event(step)
            if isinstance(event, str):
                self._unsaid.append(f"{step.id}: {event}")
                return found, step
            if event is not None:
                found.append(event)
        return found, None

    def _event(self, step: Step) -> dict[str, Any] | str | None:
        """An event, nothing to do, or why it cannot be said."""
        settings = step.settings
        if step.verb == "signal":
            return None if settings.if_none == "done" else "waits for a run that this test does not have"
        kind = "sign" if step.verb == "sign" else settings.for_
        if kind == "poll":
            return None
        if kind == "time":
            return {"advance": DAY if settings.until is None else f"{max(1, round(settings.until)) + 1}s"}
        if len(self._leaves) != 1:
            return f"{len(self._leaves)} runs wait here: write whose {kind} comes"
        if step.into not in self._leaves[0].values:
            return f"no {kind} came"
        if kind == "sign":
            return {"sign": "accepted"}
        if kind == "file":
            value = self._leaves[0].values[step.into]
            name = self._file(value if isinstance(value, Blob) else Blob("", 0, "application/pdf"), step.id)
            return {"file": {"connection": settings.in_, "file": name}}
        return "what a person or another route said here cannot be written in a test"

    def _expect(self, stop: Step | None, labels: Callable[[RunRecord], dict[str, str]]) -> dict[str, Any]:
        kind = "invalid" if self._stored.outcome == "invalid" else "accepted"
        expect: dict[str, Any] = {"reply": {"kind": kind}}
        if kind == "invalid":
            expect["reply"]["code"] = self._stored.code
            return {**expect, "runs": []}
        runs = [self._run(record, stop, labels(record)) for record in self._leaves]
        if len(runs) == 1:
            return {**expect, **runs[0], **self._sent(stop)}
        return {**expect, "runs": runs, **self._sent(stop)}

    def _run(self, record: RunRecord, stop: Step | None, labels: dict[str, str]) -> dict[str, Any]:
        if stop is not None and _came_to(self._route, record, stop):
            return {"state": "waiting", "step": stop.id}
        made = {"state": record.state}
        if record.run.status:
            made["status"] = record.run.status
        if record.state != "done":
            made |= {"step": record.step, **({"code": record.code} if record.code else {})}
        return {**made, **({"labels": labels} if labels else {})}

    def _sent(self, stop: Step | None) -> dict[str, Any]:
        """What reached each connection, as far as the test goes."""
        found: dict[str, list[dict[str, str]]] = {}
        end = len(self._route.steps) if stop is None else self._route.index(stop.id)
        for record in self._leaves:
            for step in self._route.steps[:end]:
                effect = record.effects.get(step.id)
                if isinstance(step.settings, CallSettings) and effect is not None and effect.state == "done":
                    found.setdefault(step.settings.to, []).append({"operation": step.settings.operation})
        polled = {call.to for step in self._route.steps if step.verb == "wait" and (call := _call_of(step)) is not None}
        return {"sent": {name: sent for name, sent in found.items() if name not in polled}} if found else {}


def _call_of(step: Step) -> CallSettings | None:
    if isinstance(step.settings, CallSettings):
        return step.settings
    call = getattr(step.settings, "call", None)
    return call if isinstance(call, CallSettings) else None


def _leaves_of(record: RunRecord) -> list[RunRecord]:
    """The runs that are no parents of parts."""
    return [record] if not record.parts else [leaf for part in record.parts for leaf in _leaves_of(part)]


def _came_to(route: Route, record: RunRecord, step: Step) -> bool:
    """Whether the run came as far as this step, and performed it."""
    ids = [one.id for one in route.steps]
    if record.step not in ids or ids.index(record.step) < ids.index(step.id):
        return False
    return step.into in record.values or record.step == step.id or step.verb == "signal"
