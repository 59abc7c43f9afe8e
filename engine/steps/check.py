"""`check`: the run's body, or another of its values, must satisfy an XSD."""

from __future__ import annotations

from dataclasses import dataclass

from engine.message import Refused, Xml
from engine.runtime.context import Context
from engine.runtime.outcome import Next, Outcome
from engine.site.settings import TransformFile, option


@dataclass(frozen=True)
class Settings:
    """What is checked against which schema."""

    xsd: TransformFile = option("the schema")
    value: str = option("the name of the XML value that is checked", "body")


async def perform(settings: Settings, context: Context) -> Outcome:
    """Refused with the first finding: code, path and rule, never a value."""
    values = await context.values()
    value = values.get(settings.value)
    if not isinstance(value, Xml):
        raise Refused("WB-2012", f"the value {settings.value} is no XML")
    findings = await context.job("engine.transform.jobs:check", str(settings.xsd), value)
    if findings:
        raise Refused(findings[0].code, findings[0].text())
    return Next()
