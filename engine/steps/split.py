"""`split`: each part of the message becomes a run of its own; this one waits for them and ends with counts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from engine.message import Refused, Xml
from engine.runtime.context import Context
from engine.runtime.outcome import Child, Outcome, Split
from engine.runtime.values import encode
from engine.site.paths import XPath
from engine.site.settings import option
from engine.transform.split import Part, SplitSpec


@dataclass(frozen=True)
class Settings:
    """A part is the matched element in its chain of ancestors, which keep their attributes and what holds no match."""

    by: XPath = option("what a part is")
    identity: tuple[XPath, ...] = option("what makes a part the same one again, from the matched element", ())


async def perform(settings: Settings, context: Context) -> Outcome:
    values = await context.values()
    body = values["body"]
    if not isinstance(body, Xml):
        raise Refused("WB-2012", "only XML can be split")
    labels = tuple(entry for entry in context.route.labels if entry.path is not None or entry.value)
    spec = SplitSpec(settings.by, settings.identity, labels, context.site.namespaces)
    parts: list[Part] = await context.job("engine.transform.jobs:split", spec, body)
    return Split(tuple([await _child(part, context) for part in parts]), values["meta"])


async def _child(part: Part, context: Context) -> Child:
    # The labels at birth belong to the identity: a later `set` must not make a repeat look different.
    same = json.dumps([part.digest, sorted(part.labels.items())], ensure_ascii=False)
    key = json.dumps(part.identity, ensure_ascii=False) if part.identity else None
    labels = {name: text for name, text in part.labels.items() if text}
    blob = await context.as_blob(encode(part.value))
    return Child(part.value, key, hashlib.sha256(same.encode()).hexdigest(), labels, blob)
