"""`choose`: go to the step of the first case whose condition holds, or to that of `else`.

Where no case holds and there is no `else`, the next step follows. To go forward is nothing new; to go back to an
earlier step means that effects from there on are made anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.runtime.context import Context
from engine.runtime.outcome import Jump, Next, Outcome
from engine.site.conditions import Condition
from engine.site.nodes import Items, Node
from engine.site.problems import BAD_VALUE, invalid
from engine.site.settings import Context as Reading
from engine.site.settings import build, option


@dataclass(frozen=True)
class Case:
    """`{when: CONDITION, go: STEP}`, and as the last one `{else: STEP}`."""

    when: Condition | None = option("the condition", None)
    go: str = option("the step to go to when it holds", "")
    else_: str = option("the step to go to when no case before holds", "", key="else")

    def __post_init__(self) -> None:
        if self.else_ and (self.when or self.go):
            raise ValueError("write `else` in a case of its own: `- {else: STEP}`")
        if not self.else_ and not (self.when and self.go):
            raise ValueError("a case needs `when` and `go`: `- {when: CONDITION, go: STEP}`")


@dataclass(frozen=True)
class Settings:
    """A list of cases, written directly below `choose`."""

    cases: tuple[Case, ...] = option("the cases, in the order in which they are tried")


LIST_OF = Case
"""What is written is the list itself."""


def build_settings(node: Node, context: Reading) -> Settings:
    if not isinstance(node, Items) or not node:
        advice = "write `choose: [{when: CONDITION, go: STEP}, {else: STEP}]`"
        raise invalid(node, BAD_VALUE, "a list of cases is needed here", advice)
    return Settings(build(tuple[Case, ...], node, context))


async def perform(settings: Settings, context: Context) -> Outcome:
    for case in settings.cases:
        if case.when is None or await context.holds(case.when):
            chosen = case.go or case.else_
            return Jump(chosen, f"{context.step.id}: {chosen}")
    return Next(note="no case holds")
