"""Where the runs of a failed test stand: the step, what it was given, what it made, and the engine's own error."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from lxml import etree
from sqlalchemy import select

from engine.message import Blob, Hl7, Value, Xml
from engine.site.model import Step
from engine.site.walk import templates, transform_files
from engine.store.schema import message, run
from engine.testing.compare import values_of

if TYPE_CHECKING:
    from engine.testing.mocks import Sent
    from engine.testing.stage import Stage

MOST = 2000
"""Characters of one value that are shown."""


@dataclasses.dataclass(frozen=True)
class Explained:
    """One run. reads: the values that its step was given; made: what it left, by name."""

    run: str
    state: str
    step: str
    error: str
    reads: dict[str, str]
    sent: list[str]


def explain(stage: Stage) -> list[Explained]:
    """Every run that is no parent, with the step that it is at; or the message that was refused."""
    engine = stage.engine
    assert engine is not None

    def query(conn: Any) -> list[Explained]:
        found = []
        for row in conn.execute(select(run).where(run.c.children == 0).order_by(run.c.seq)).mappings():
            values = values_of(conn, stage, row)
            found.append(_one(stage, row, values))
        refused = select(message).where(message.c.outcome != "accepted")
        for row in conn.execute(refused).mappings():
            error = f"{row['code']} {row['reason']}"
            found.append(Explained(f"message of {row['connection']}", row["outcome"], "", error, {}, []))
        return found

    return engine.read(query)


def _one(stage: Stage, row: Any, values: dict[str, Value]) -> Explained:
    step = next((one for one in stage.site.routes[row["route"]].steps if one.id == row["step"]), None)
    names = _reads(step) if step is not None else []
    error = f"{row['code']} {row['reason']}".strip()
    waits = f"waits for {row['waits_for']}" if row["waits_for"] else ""
    shown = {name: pretty(values[name]) for name in names if name in values}
    sent = [request(one) for peer in stage.peers.values() for one in peer.sent if one.run == row["seq"]]
    what = f"{row['route']} run {row['seq']}"
    where = f"{row['step']} ({step.verb}, {step.place})" if step is not None else str(row["step"])
    return Explained(what, row["state"], where, error or waits, shown, sent)


def request(sent: Sent) -> str:
    """What went to a peer, and what it answered."""
    what = f"{sent.connection} {sent.operation} ({sent.attempts} attempts, {sent.arrived} arrived)"
    parts = [f"{name}: {_set_off(pretty(value))}" for name, value in sent.arguments.items()]
    answered = [f"answer: {_set_off(pretty(sent.response))}"] if sent.response is not None else []
    return "\n".join([what, *(f"  {line}" for part in parts + answered for line in part.splitlines())])


def _set_off(text: str) -> str:
    return text if "\n" not in text else "\n" + "\n".join(f"  {line}" for line in text.splitlines())


def _reads(step: Step) -> list[str]:
    """The values that a step is made from; a stylesheet may read all."""
    names = ["body"] if transform_files(step.settings) or step.verb in ("split", "check") else []
    if step.when is not None:
        names += [name for template in step.when.templates() for name in template.names]
    for template in templates(step.settings).values():
        names += getattr(template, "names", ("body",))
    return list(dict.fromkeys(names))


def pretty(value: Value) -> str:
    """A value for a person: indented XML and JSON, HL7 a segment a line."""
    text = _pretty(value)
    return text if len(text) <= MOST else f"{text[:MOST]}\n... ({len(text)} characters)"


def _pretty(value: Value) -> str:
    if isinstance(value, Xml):
        try:
            root = etree.fromstring(value.data, etree.XMLParser(remove_blank_text=True, resolve_entities=False))
        except etree.XMLSyntaxError:
            return value.data.decode("utf-8", "replace")
        return etree.tostring(root, encoding="unicode", pretty_print=True).rstrip()
    if isinstance(value, Hl7):
        return value.data.decode("utf-8", "replace").replace("\r", "\n").rstrip()
    if isinstance(value, Blob):
        return f"<document {value.content_type} {value.size} bytes {value.sha256[:12]} {value.name}>"
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2, default=_pretty)
