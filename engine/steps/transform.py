"""`transform`: a stylesheet or a mapping table over the run's values; its output is the value."""

from __future__ import annotations

from dataclasses import dataclass

from engine.runtime.context import Context
from engine.runtime.outcome import Next, Outcome
from engine.site.settings import TransformFile, option


@dataclass(frozen=True)
class Settings:
    """One of the two."""

    xslt: TransformFile | None = option("an XSLT 1.0 stylesheet; the root of its output is the value", None)
    map: TransformFile | None = option("a mapping table; its rows are the value", None)

    def __post_init__(self) -> None:
        if (self.xslt is None) == (self.map is None):
            raise ValueError("write one of `xslt` and `map`")


async def perform(settings: Settings, context: Context) -> Outcome:
    path = settings.xslt or settings.map
    assert path is not None
    return Next(await context.transform(path, context.run.first_try_at or context.now()))
