"""Runs tests one after the other, each perhaps many times: once for each point at which the engine may end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.registry import Registry
from engine.site.model import Site
from engine.site.nodes import Place
from engine.testing.compare import Difference
from engine.testing.reading import Found
from engine.testing.scenario import Outcome, play
from engine.testing.stage import House
from engine.transform.pool import Pool

Kill = Literal["each", "every"]
TWICE = "an effect reached its peer more often than without the end of the engine"


@dataclass
class Result:
    """A test and all its executions: the first is the one without a kill."""

    found: Found
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.found.case.test

    @property
    def good(self) -> bool:
        return all(outcome.good for outcome in self.outcomes)

    @property
    def seconds(self) -> float:
        return sum(outcome.seconds for outcome in self.outcomes)

    @property
    def kills(self) -> int:
        return sum(bool(outcome.killed) for outcome in self.outcomes)


async def run_cases(
    reactor: Any,
    site: Site,
    registry: Registry,
    cases: Sequence[Found],
    kill: Kill | None = None,
    told: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Every test; `told` hears of each as it ends."""
    pool = Pool(reactor, size=2, idle=0.0)
    pool.start()
    house = House(reactor, site, registry, pool)
    results = []
    try:
        for found in cases:
            result = await run_case(house, found, kill or found.case.kill)
            told(result)
            results.append(result)
    finally:
        await pool.stop()
    return results


async def run_case(house: House, found: Found, kill: Kill | None) -> Result:
    first = await play(house, found.case)
    result = Result(found, [first])
    if kill is None or not first.good:
        return result
    for point in points_of(first.passed, kill):
        outcome = await play(house, found.case, point)
        outcome.differences += _more(first, outcome, found.case.at)
        result.outcomes.append(outcome)
    return result


def points_of(passed: Sequence[str], kill: Kill) -> list[tuple[str, int]]:
    """Where the engine is to end: at each point once, or at every passing of every point."""
    found: list[tuple[str, int]] = []
    counts: dict[str, int] = {}
    for name in passed:
        counts[name] = counts.get(name, 0) + 1
        if kill == "every" or counts[name] == 1:
            found.append((name, counts[name]))
    return found


def _more(first: Outcome, outcome: Outcome, at: Place) -> list[Difference]:
    """Of what cannot be repeated without harm, no more may have arrived."""
    return [
        Difference(at, f"{TWICE}: {name} {operation}", str(first.arrived.get((name, operation), 0)), str(count))
        for (name, operation), count in outcome.arrived.items()
        if count > first.arrived.get((name, operation), 0)
    ]


def chosen(cases: Sequence[Found], word: str) -> list[Found]:
    """The tests whose name or file holds the word."""
    return [found for found in cases if word in found.case.test or word in str(Path(found.path).name)]


def seconds_since(began: float) -> float:
    """Of a monotonic start."""
    return time.monotonic() - began
