"""`split`: each part of the message becomes a run of its own; this one waits for them and ends with counts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from engine.message import Value, Xml
from engine.runtime import order
from engine.runtime.context import Context, is_small
from engine.runtime.outcome import Child, Outcome, Split
from engine.runtime.values import encode
from engine.site.paths import Pointer, Template
from engine.site.settings import option
from engine.transform.split import By, Part, SplitSpec, split


@dataclass(frozen=True)
class Settings:
    """XML: a part is the matched element in its chain of ancestors, with their attributes and what holds no match.

    HL7: `by: OBR` makes a message of each order, with the header and its own patient. JSON and rows:
    `by: $(body/orders)` makes each item of the list a part's whole body.
    """

    by: By = option("what a part is: an XPath, `$(name/path)` to a list, or an HL7 segment")
    identity: tuple[Pointer, ...] = option(
        "what makes a part the same one again: XPaths from the matched element, else places in the part", ()
    )


async def perform(settings: Settings, context: Context) -> Outcome:
    values = await context.values()
    labels = tuple(entry for entry in context.route.labels if entry.path is not None or entry.value)
    labels += order.label(context.route)
    identity: Any = settings.identity
    spec = SplitSpec(settings.by, identity, labels, context.site.namespaces)
    named = spec.by.where.names if isinstance(spec.by.where, Template) else ()
    needed: dict[str, Value] = {name: values[name] for name in {"body", "meta", *named}}
    if is_small(needed) and not isinstance(needed["body"], Xml):
        parts = split(spec, needed)
    else:
        parts = await context.job("engine.transform.jobs:split", spec, needed)
    return Split(tuple([await _child(part, context) for part in parts]), values["meta"])


async def _child(part: Part, context: Context) -> Child:
    # The labels at birth belong to the identity: a later `set` must not make a repeat look different.
    same = json.dumps([part.digest, sorted(part.labels.items())], ensure_ascii=False)
    key = json.dumps(part.identity, ensure_ascii=False) if part.identity else None
    labels = {name: text for name, text in part.labels.items() if text}
    of = labels.pop(order.NAME, "")
    blob = await context.as_blob(encode(part.value))
    return Child(part.value, key, hashlib.sha256(same.encode()).hexdigest(), labels, blob, of)
