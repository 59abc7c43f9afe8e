"""A small site with memory channels, its tests as text, and the worker's jobs done in this process."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, fail, succeed

from engine.message import Failure
from engine.registry import Registry
from engine.site.load import load_site
from engine.testing import reading
from engine.testing.runner import Kill, Result, run_case
from engine.testing.scenario import Outcome, play
from engine.testing.stage import House
from engine.transform.worker import job_named
from tests.engine.world import write_site

reactor: Any = _reactor

SITE = """
connections:
  source: {type: memory_in}
  peer: {type: memory_out, repeat: REPEAT}
routes:
  r:
    receive: {from: source, operation: order, identity: [//id]}
    labels: {id: {path: //id}}
    steps:
      - {id: out, status: Going, call: {to: peer, operation: send, body: $(body), in_doubt: person}}
      - {id: kept, status: Gone, set: {values: {copy: $(out/said)}, labels: {id: '$(body/id)!'}}}
"""
ORDER = "<order><id>1</id></order>"
GIVEN = f"given: {{connection: source, operation: order, body: '{ORDER}'}}"


class Here:
    """Workers without processes."""

    def run(self, job: str, *args: Any, deadline: float | None = None, heavy: bool = False) -> Deferred[Any]:
        try:
            return succeed(job_named(job)(*args))
        except Failure as failure:
            return fail(failure)


def house(folder: Path, site: str = SITE, repeat: str = "unknown", **files: str) -> House:
    """What tests of this site share."""
    write_site(folder, site.replace("REPEAT", repeat), **files)
    registry, pool = Registry(), Here()
    return House(reactor, load_site(folder, registry), registry, pool)  # type: ignore[arg-type]


def cases(made: House, text: str) -> list[reading.Found]:
    """Tests written beside the site; `route: r` and the peer's answer are added."""
    path = made.site.folder / "tests.yaml"
    answer = "mocks: {peer: [{operation: send, answer: {value: {said: yes}}}]}\n"
    path.write_text(f"route: r\n{answer}tests:\n{dedent(text)}", "utf-8")
    return reading.load_cases(made.site, made.registry, [path])


async def played(folder: Path, text: str, kill_at: tuple[str, int] | None = None, **more: Any) -> Outcome:
    """The one test of the text, once."""
    made = house(folder, **more)
    return await play(made, cases(made, text)[0].case, kill_at)


async def result(folder: Path, text: str, kill: Kill | None = None, **more: Any) -> Result:
    """The one test, with its kills."""
    made = house(folder, **more)
    return await run_case(made, cases(made, text)[0], kill)


def said(outcome: Outcome) -> list[tuple[str, str, str]]:
    """What was different: what, expected, got."""
    return [(one.what, one.expected, one.got) for one in outcome.differences]
