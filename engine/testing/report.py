"""What a person, a program and a build server are told of tests that ran."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree

from engine.testing.explain import Explained
from engine.testing.runner import Result
from engine.testing.scenario import Outcome


def text_of(result: Result) -> str:
    """One line for a good test; for a bad one all that helps to see why."""
    kills = f", killed at {result.kills} points" if result.kills else ""
    head = f"{'good' if result.good else 'BAD '}  {result.found.path.name}: {result.name} ({_time(result)}{kills})"
    bad = [outcome for outcome in result.outcomes if not outcome.good]
    lines = [head, *(line for outcome in bad[:3] for line in _bad(outcome, result))]
    if len(bad) > 3:
        lines.append(f"  ... and at {len(bad) - 3} more points: {', '.join(one.killed for one in bad[3:])}")
    return "\n".join(lines)


def _time(result: Result) -> str:
    return f"{result.seconds * 1000:.0f} ms"


def _bad(outcome: Outcome, result: Result) -> Iterator[str]:
    if outcome.killed:
        yield f"  when the engine is killed at {outcome.killed}:"
    if outcome.error:
        yield f"  {outcome.at or result.found.case.at}: {outcome.error}"
    for difference in outcome.differences:
        yield _indented(difference.text(), 2)
    for explained in outcome.explained:
        yield from _explained(explained)
    loud = [line for line in outcome.log if not line.startswith("INFO")]
    if loud:
        yield "  the engine's log:"
        yield from (f"    {line}" for line in loud[-20:])


def _explained(explained: Explained) -> Iterator[str]:
    step = f" at step {explained.step}" if explained.step else ""
    yield f"  {explained.run}: {explained.state}{step}" + (f": {explained.error}" if explained.error else "")
    for name, value in explained.reads.items():
        yield _indented(f"input {name}:\n{_indented(value, 2)}", 4)
    for sent in explained.sent:
        yield _indented(f"sent to {sent}", 4)


def _indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line for line in text.splitlines())


def summary(results: Sequence[Result], seconds: float) -> str:
    """The last line."""
    bad = sum(not result.good for result in results)
    kills = sum(result.kills for result in results)
    killed = f", {kills} kills" if kills else ""
    return f"{len(results)} tests{killed}, {bad} bad, {seconds:.1f} s"


def as_json(results: Sequence[Result]) -> dict[str, Any]:
    """The same for programs."""
    return {"good": all(result.good for result in results), "tests": [_json(result) for result in results]}


def _json(result: Result) -> dict[str, Any]:
    case = result.found.case
    return {
        "name": result.name, "file": str(result.found.path), "line": case.at.line, "route": case.route,
        "good": result.good, "seconds": round(result.seconds, 3), "kills": result.kills,
        "failures": [failure for outcome in result.outcomes if not outcome.good for failure in _failures(outcome)],
    }  # fmt: skip


def _failures(outcome: Outcome) -> Iterator[dict[str, Any]]:
    common: dict[str, Any] = {"killed_at": outcome.killed}
    if outcome.error:
        yield {**common, "line": outcome.at.line if outcome.at else 0, "error": outcome.error}
    for one in outcome.differences:
        yield {**common, "line": one.at.line, "what": one.what, "expected": one.expected, "got": one.got}


def junit(results: Sequence[Result]) -> bytes:
    """JUnit's XML, a suite for each file."""
    top = etree.Element("testsuites")
    for path in dict.fromkeys(result.found.path for result in results):
        mine = [result for result in results if result.found.path == path]
        suite = etree.SubElement(
            top, "testsuite", name=str(path), tests=str(len(mine)), errors="0",
            failures=str(sum(not result.good for result in mine)), time=f"{sum(one.seconds for one in mine):.3f}",
        )  # fmt: skip
        for result in mine:
            case = result.found.case
            node = etree.SubElement(
                suite, "testcase", classname=f"{path.stem}.{case.route}", name=result.name, file=str(path),
                line=str(case.at.line), time=f"{result.seconds:.3f}",
            )  # fmt: skip
            if not result.good:
                first = next(outcome for outcome in result.outcomes if not outcome.good)
                why = first.error or (first.differences[0].what if first.differences else "")
                etree.SubElement(node, "failure", message=printable(why)).text = printable(text_of(result))
    return etree.tostring(top, xml_declaration=True, encoding="utf-8", pretty_print=True)


def printable(text: str) -> str:
    """What XML can hold; a peer's bytes may not be."""
    return "".join(c if c in "\t\n" or (ord(c) >= 32 and not 0xD800 <= ord(c) < 0xE000) else "?" for c in text)
