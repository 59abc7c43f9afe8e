"""`transform`: a stylesheet, a mapping table or a plug-in over the run's values; its output is the value."""

from __future__ import annotations

from dataclasses import dataclass

from engine.runtime.context import Context
from engine.runtime.outcome import Next, Outcome
from engine.site.settings import TransformFile, option
from engine.site.units import PluginFile


@dataclass(frozen=True)
class Settings:
    """One of the three. A plug-in is Python of the site, run in a worker process with a deadline and a memory limit."""

    xslt: TransformFile | None = option("an XSLT 1.0 stylesheet; the root of its output is the value", None)
    map: TransformFile | None = option(
        "a mapping table; what it makes is the value: a map of its rows, or with a `target` HL7, XML, JSON or rows",
        None,
    )
    plugin: PluginFile | None = option(
        "a Python file with `def transform(values: dict, settings: dict)`; what it returns is the value", None
    )
    settings: dict[str, str] = option("given to the plug-in", {})

    def __post_init__(self) -> None:
        given = [path for path in (self.xslt, self.map, self.plugin) if path is not None]
        if len(given) != 1:
            raise ValueError("write one of `xslt`, `map` and `plugin`")
        if self.xslt is not None and self.xslt.suffix not in (".xsl", ".xslt"):
            raise ValueError("`xslt` names a file that ends in .xsl")
        if self.map is not None and self.map.suffix != ".yaml":
            raise ValueError("`map` names a file that ends in .yaml")
        if self.settings and self.plugin is None:
            raise ValueError("`settings` are for a plug-in")


async def perform(settings: Settings, context: Context) -> Outcome:
    path = settings.xslt or settings.map or settings.plugin
    assert path is not None
    at = context.run.first_try_at or context.now()
    return Next(await context.transform(path, at, settings=settings.settings))
