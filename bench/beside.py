"""A store with very many messages beside a daemon at work. `python -m bench.beside [--count 1000000]`.

Start-up on that store; searches by label through the API while messages pass; half of the store pruned while messages
pass, with what is given back to the disk.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import machine
from bench.rig import ROOT, Rig
from bench.sent import Sent, percentile
from bench.stored import NOW, YEARS, fill
from engine.demo.client import Browser
from engine.runtime.control import ask

CONNECTIONS = 4
"""Of the load beside: a hospital's, not the most that goes."""
GIVEN_BACK = 5.0
"""Seconds after pruning in which the file is cut: the daemon does it at a checkpoint."""


def run(count: int, searches: int = 100) -> dict[str, Any]:
    """All three, on one store of `count` messages."""
    result: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "count": count}

    def prepare(state: Path) -> None:
        began = time.monotonic()
        fill(state / "waybill.sqlite", count)
        result["fill_s"] = round(time.monotonic() - began, 1)

    with Rig("mllp", prepare=prepare) as rig:
        result |= {"machine": machine.about(rig.folder), "start_s": round(rig.start_s, 2)}
        result["start_again_s"] = round((rig.stop(), rig.start())[1], 2)
        browser = _signed_in(rig)
        _, result["load_alone"] = _beside(rig, 1, lambda: time.sleep(3))
        took, load = _beside(rig, 1_000_000, lambda: _searches(browser, count, searches))
        result["search"] = {"p50_ms": percentile(took, 0.5), "p95_ms": percentile(took, 0.95), "load": load}
        result["prune"] = _pruned(rig)
        result["stop_s"] = round(rig.stop(), 1)
    return result


def _signed_in(rig: Rig) -> Browser:
    ask(rig.state, "users.add", {"login": "bench", "name": "invented", "roles": ["AN", "OP"]})
    browser = Browser(f"http://127.0.0.1:{rig.web}")
    browser.sign_in(ask(rig.state, "users.link", {"login": "bench"}))
    return browser


def _searches(browser: Browser, count: int, times: int) -> list[float]:
    """Seconds of each search by one label, in order."""
    chance, took = random.Random(7), []
    for _ in range(times):
        number = chance.randint(1, count // 2)
        began = time.monotonic()
        found = browser.post("/api/v1/runs/search", {"labels": {"order_id": f"175||{number}"}})
        took.append(time.monotonic() - began)
        assert number % 1000 == 999 or len(found["items"]) == 1, "an invalid message has no run"
    return sorted(took)


def _beside(rig: Rig, first: int, work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """The outcome of `work`, and how the messages fared meanwhile."""
    generator = rig.generator(CONNECTIONS, first, "--warmup", 0.5, "--seconds", 3600, "--until", "told")
    try:
        warm = generator.says(60)
        assert warm is not None
        generator.tell("go")
        outcome = work()
        told = generator.ask("enough")
        return outcome, _fared(rig, first + int(warm["sent"]), told)
    finally:
        generator.end()


def _fared(rig: Rig, first: int, told: dict[str, Any]) -> dict[str, float]:
    book = Sent.read(rig.record, first)
    acks = sorted(end - begin for begin, end in zip(book.sent, book.answered, strict=True) if end)
    return {
        "acks_per_s": round(len(acks) / told["seconds"], 1), "refused": told["refused"],
        "ack_p50_ms": percentile(acks, 0.5), "ack_p99_ms": percentile(acks, 0.99), "ack_max_ms": percentile(acks, 1.0),
    }  # fmt: skip


def _pruned(rig: Rig) -> dict[str, Any]:
    """By the command, which asks the daemon: half of the store, and all that is empty afterwards given back."""
    days = int((time.time() * 1000 - NOW + YEARS / 2) / 86_400_000)
    command = [sys.executable, "-m", "engine.cli", "prune", "--state", str(rig.state), "--older", f"{days}d", "--yes"]
    store = rig.state / "waybill.sqlite"
    before, memory = store.stat().st_size, rig.engine.pss()

    def work() -> float:
        began = time.monotonic()
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        seconds = time.monotonic() - began
        time.sleep(GIVEN_BACK)
        return seconds

    seconds, load = _beside(rig, 2_000_000, work)
    return {
        "seconds": round(seconds, 1), "before_mb": round(before / 1e6), "after_mb": round(store.stat().st_size / 1e6),
        "log_mb": round((rig.state / "waybill.sqlite-wal").stat().st_size / 1e6),
        "pss_before_mb": round(memory), "pss_after_mb": round(rig.engine.pss()), "load": load,
    }  # fmt: skip


def lines(result: dict[str, Any]) -> list[str]:
    """For a person."""
    search, prune, alone = result["search"], result["prune"], result["load_alone"]
    ready = f"ready after {result['start_again_s']} s (the first time {result['start_s']} s)"
    memory = f"PSS {prune['pss_before_mb']} -> {prune['pss_after_mb']} MB"
    disk = f"{prune['before_mb']:,} -> {prune['after_mb']:,} MB, {memory}"
    found = f"p50 {search['p50_ms']} ms, p95 {search['p95_ms']} ms"
    beside = f"{search['load']['ack_p99_ms']} ms beside searches, {prune['load']['ack_p99_ms']} ms beside pruning"
    return [
        f"{result['count']:,} messages stored: {ready}",
        f"search by label through the API beside {search['load']['acks_per_s']:,.0f} messages/s: {found}",
        f"pruning the older half beside {prune['load']['acks_per_s']:,.0f} messages/s: {prune['seconds']} s, {disk}",
        f"acknowledgements p99: {alone['ack_p99_ms']} ms alone, {beside} (longest {prune['load']['ack_max_ms']} ms)",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = run(options.count)
    print(json.dumps(result) if options.json else "\n".join(lines(result)))


if __name__ == "__main__":
    main()
