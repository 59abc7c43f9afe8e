"""`stop`: the run ends here, filtered, with a reason that everybody may read."""

from __future__ import annotations

from dataclasses import dataclass

from engine.runtime.context import Context
from engine.runtime.outcome import Outcome, Stop
from engine.site.settings import option


@dataclass(frozen=True)
class Settings:
    """Usually with a `when` beside it."""

    reason: str = option("why nothing more is done: one line, shown in lists; no patient's data")

    def __post_init__(self) -> None:
        if not self.reason.strip() or "\n" in self.reason:
            raise ValueError("`reason` is one line of text")


async def perform(settings: Settings, context: Context) -> Outcome:
    return Stop("filtered", "", settings.reason)
