"""`set`: labels and values from templates."""

from __future__ import annotations

from dataclasses import dataclass

from engine.message import Refused, Value, Xml
from engine.runtime.context import Context
from engine.runtime.outcome import Next, Outcome
from engine.site.paths import Template
from engine.site.settings import option


@dataclass(frozen=True)
class Settings:
    """What is set; a label that is set to nothing is emptied."""

    labels: dict[str, Template] = option("labels, by name", {})
    values: dict[str, Template] = option("values, by name", {})


async def perform(settings: Settings, context: Context) -> Outcome:
    labels = await context.evaluate(settings.labels)
    values = await context.evaluate(settings.values)
    return Next(values=values, labels={name: as_text(name, value) for name, value in labels.items()})


def as_text(name: str, value: Value) -> str:
    """A label is one line of text."""
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return " ".join(str(value).split())
    if isinstance(value, Xml):
        raise Refused("WB-2012", f"the label {name} would be XML: name an element with text only")
    raise Refused("WB-2012", f"the label {name} would not be text")
