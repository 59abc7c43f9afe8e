"""docs/benchmarks.md, out of the results in bench/results.json: only what was measured stands there, with its date."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench import beside, capture, long, machine, report, suite
from bench.flow import Load
from bench.rig import ROOT

RESULTS = ROOT / "bench" / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"

HEAD = """# Benchmarks

Written by `make bench` (`python -m bench`); the figures are in `bench/results.json`. `waybill bench` measures routes on
a computer of yours.

Everything is durable (`synchronous=FULL`): an acknowledgement is sent when the message is on the disk. The daemon runs
as in a hospital, with screens and API. Generator and sink are processes on the same cores, with real sockets between;
each connection has one message in flight. Delivered: from the first message sent to the last one that the sink has;
each accepted message must be there, once, changed as asked. CPU and memory are of the daemon with all its workers.
KB kept: what the store and its log grow by. `!`: others used more than 0.3 of a core meanwhile, so the figure says
little about the engine. `fsync ms before`: what the disk took for 4 KiB just before the row was measured; far above its
quiet value, others use the disk.
"""


def measure_flow(_full: bool) -> dict[str, Any]:
    """The routes, and MLLP once more with 32 messages on the way to the peer."""
    load = Load(1, seconds=5.0)
    first = suite.run(suite.Wanted(load=load), _tell)
    wide = suite.run(suite.Wanted(("mllp",), (32, 128), load, in_flight=32), _tell)
    return {**first, "parts": first["parts"] + wide["parts"]}


def measure_long(full: bool) -> dict[str, Any]:
    return long.run(1_000_000 if full else 40_000)


def measure_beside(full: bool) -> dict[str, Any]:
    return beside.run(1_000_000 if full else 100_000)


def measure_capture(full: bool) -> dict[str, Any]:
    return capture.apart(600 if full else 120, 10_000)


PARTS = {"flow": measure_flow, "long": measure_long, "beside": measure_beside, "capture": measure_capture}


def page(results: dict[str, Any]) -> str:
    """The whole page; a part that was never measured is left out."""
    texts = [HEAD]
    for name, text in TEXTS.items():
        if name in results:
            texts.append("\n".join(text(results[name])) + "\n")
    return "\n".join(texts)


def _when(result: dict[str, Any]) -> str:
    return f"{result['at'][:10]}; {machine.line(result['machine'])}."


def flow_lines(result: dict[str, Any]) -> Iterable[str]:
    yield "## Routes from socket to socket"
    yield ""
    yield _when(result)
    for part in result["parts"]:
        yield ""
        yield f"### {report.title(part)}"
        yield ""
        yield from report.table(part)
    yield ""
    yield "Wanted of MLLP on 2 cores:"
    yield ""
    yield from (f"- {target.line()}" for target in report.targets(result))


def long_lines(result: dict[str, Any]) -> Iterable[str]:
    yield "## Memory over many messages"
    yield ""
    yield f"{_when(result)} MLLP, {result['connections']} connections, nothing pruned."
    yield ""
    yield from (f"- {line}" for line in long.lines(result))


def beside_lines(result: dict[str, Any]) -> Iterable[str]:
    yield f"## {result['count']:,} stored messages"
    yield ""
    yield f"{_when(result)} Messages pass over {beside.CONNECTIONS} connections meanwhile."
    yield ""
    yield from (f"- {line}" for line in beside.lines(result))


def capture_lines(result: dict[str, Any]) -> Iterable[str]:
    yield "## Scanned pages"
    yield ""
    yield _when(result)
    yield ""
    yield from (f"- {line}" for line in capture.lines(result))


TEXTS = {"flow": flow_lines, "long": long_lines, "beside": beside_lines, "capture": capture_lines}


def _tell(word: str, row: dict[str, Any] | None) -> None:
    print(report.line(row) if row else word, flush=True)


def main(words: Sequence[str]) -> int:
    """Measure, keep, write the page. 1 when a message was lost, doubled or spoilt."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="All benchmarks, into docs/benchmarks.md.")
    parser.add_argument("--full", action="store_true", help="a million messages passed, a million stored")
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {','.join(PARTS)}")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args(words)
    chosen = options.only.split(",")
    if not set(chosen) <= set(PARTS):
        parser.error(f"--only: some of {','.join(PARTS)}")
    results = json.loads(options.results.read_text("utf-8")) if options.results.exists() else {}
    for name in chosen:
        print(name, flush=True)
        results[name] = PARTS[name](options.full)
        options.results.write_text(json.dumps(_short(results), indent=1) + "\n", "utf-8")
    options.page.write_text(page(results), "utf-8")
    print(f"written: {options.page}")
    return 0 if sound(results) else 1


def _short(results: dict[str, Any]) -> dict[str, Any]:
    """Without the samples, which are many."""
    return {name: {key: value for key, value in one.items() if key != "samples"} for name, one in results.items()}


def sound(results: dict[str, Any]) -> bool:
    """Whether no message was lost, doubled or spoilt."""
    passed = results.get("long", {})
    return ("flow" not in results or report.all_sound(results["flow"])) and not (
        passed.get("lost") or passed.get("doubled")
    )
