"""A store with very many messages: search, start-up, pruning. `python -m bench.stored [MESSAGES]` (default 1,000,000).

The rows are made by SQL, not by traffic: one run a message with four labels, one value, one effect and three events.
One in 200 is dead, one in 1,000 invalid; the rest is done, over two years.
"""
# ruff: noqa: S608 (every piece of these statements is written here)

from __future__ import annotations

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.cli.main import main as command
from engine.ops import search
from engine.ops.filters import read_filter
from engine.store.database import Store

BODY = "<Request><OrderID>175||{}</OrderID><PATName>示例</PATName>" + "<Filler>0123456789</Filler>" * 10 + "</Request>"
YEARS = 2 * 365 * 86_400_000
NOW = 1_790_000_000_000
PIECE = 50_000

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last) "
AT = f"({NOW - YEARS} + i * :gap)"
MESSAGE_ID = "printf('01900000-0000-7000-8000-%012x', i)"
RUN_ID = "printf('01900000-0000-7000-9000-%012x', i)"
EFFECT = "printf('%064x', i)"
INVALID = "(i % 1000 = 999)"
DEAD = "(i % 200 = 7)"

FILL = (
    f"""INSERT INTO message (seq, id, connection, operation, route, received_at, outcome, code, reason, content_type,
    size, body, meta, reply, repeats) SELECT i, {MESSAGE_ID}, 'his_in', 'AddRisAppBillRt', 'exam_report', {AT},
    iif({INVALID}, 'invalid', 'accepted'), iif({INVALID}, 'WB-1007', ''), iif({INVALID}, 'breaks the rule', ''),
    'application/xml', length(:body), CAST(replace(:body, '{{}}', i) AS BLOB), '{{}}', x'', 0 FROM n""",
    f"INSERT INTO identity SELECT 'his_in/AddRisAppBillRt', {EFFECT}, {EFFECT}, {MESSAGE_ID}, x'', {AT} FROM n",
    f"""INSERT INTO run (seq, id, message_id, children, open_children, route, revision, state, status, step, generation,
    attempts, starts, waits_for, code, reason, blocked, since, created_at, ended_at)
    SELECT i, {RUN_ID}, {MESSAGE_ID}, 0, 0, 'exam_report', 'r1', iif({DEAD}, 'dead', 'done'), 'Sent', 'send_back', 0, 1,
    0, '', iif({DEAD}, 'WB-3003', ''), iif({DEAD}, 'the peer refused', ''), '', {AT}, {AT}, iif({DEAD}, NULL, {AT})
    FROM n WHERE NOT {INVALID}""",
    f"INSERT INTO label SELECT i, 'order_id', '175||' || i, 0 FROM n WHERE NOT {INVALID}",
    f"INSERT INTO label SELECT i, 'patient_id', printf('%010d', i / 3), 0 FROM n WHERE NOT {INVALID}",
    f"INSERT INTO label SELECT i, 'name', '示例' || (i % 5000), 1 FROM n WHERE NOT {INVALID}",
    f"INSERT INTO label SELECT i, 'exam', 'kind ' || (i % 4), 0 FROM n WHERE NOT {INVALID}",
    f"INSERT INTO value SELECT i, 'order', 'xml', CAST(:body AS BLOB), NULL, {AT} FROM n WHERE NOT {INVALID}",
    f"""INSERT INTO effect SELECT i, {EFFECT}, i, 'send_back', 'his_out', 'RegisterDocumentRt', 0,
    iif({DEAD}, 'refused', 'done'), 1, {AT}, {AT}, '', '', NULL FROM n WHERE NOT {INVALID}""",
    *(
        f"""INSERT INTO event (run, message_id, at, kind, step, code, text, "user")
        SELECT i, NULL, {AT}, '{kind}', 'send_back', '', '', '' FROM n WHERE NOT {INVALID}"""
        for kind in ("created", "done", "ended")
    ),
)


def fill(path: Path, count: int, tell: Callable[[int], None] = lambda _: None) -> None:
    """Make `count` messages in a new store."""
    store = Store(path, None, durable=False)
    store.open()
    store.close()
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA temp_store = MEMORY")
    for first in range(0, count, PIECE):
        last = min(first + PIECE, count) - 1
        values = {"first": first + 1, "last": last + 1, "gap": YEARS // count, "body": BODY}
        db.execute("BEGIN")
        for statement in FILL:
            head, _, rest = statement.partition("SELECT")
            db.execute(f"{head} {NUMBERS} SELECT {rest}", values)
        db.execute("COMMIT")
        tell(last + 1)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


SEARCHES: dict[str, Callable[[random.Random, int], dict[str, Any]]] = {
    "label": lambda chance, most: {"labels": {"order_id": f"175||{chance.randint(1, most)}"}},
    "label's beginning": lambda chance, most: {"labels": {"order_id": f"175||{chance.randint(10, 99)}*"}},
    "frequent label": lambda chance, _: {"labels": {"exam": f"kind {chance.randint(0, 3)}"}},
    "label and state": lambda chance, _: {"labels": {"exam": f"kind {chance.randint(0, 3)}"}, "state": "dead"},
    "dead": lambda _, __: {"state": "dead"},
    "code": lambda _, __: {"code": "WB-3003"},
    "text of error": lambda _, __: {"text": "peer refused"},
    "a day": lambda chance, _: _day(chance.randint(1, 700)),
}


def _day(number: int) -> dict[str, Any]:
    return {"since": NOW - number * 86_400_000, "until": NOW - (number - 1) * 86_400_000}


def searches(store: Store, count: int, times: int = 100) -> dict[str, tuple[float, float]]:
    """Milliseconds by kind of search: median and 95th percentile."""
    chance, found = random.Random(7), {}
    for name, make in SEARCHES.items():
        took = []
        for _ in range(times):
            wanted = read_filter(make(chance, count))
            began = time.perf_counter()
            store.read_now(lambda conn, wanted=wanted: search.runs(conn, wanted, names=True))  # type: ignore[misc]
            took.append((time.perf_counter() - began) * 1000)
        found[name] = (statistics.median(took), statistics.quantiles(took, n=20)[-1])
    return found


def prune_half(path: Path) -> tuple[float, float, float]:
    """By the command, without a daemon: seconds, and megabytes before and after."""
    before = path.stat().st_size
    began = time.perf_counter()
    days = int((time.time() * 1000 - NOW + YEARS / 2) / 86_400_000)
    words = ["prune", "--state", str(path.parent), "--older", f"{days}d", "--yes"]
    if command(words) != 0:
        raise SystemExit("pruning failed")
    return time.perf_counter() - began, before / 1e6, path.stat().st_size / 1e6


def main(words: list[str]) -> int:
    count = int(words[0]) if words else 1_000_000
    with tempfile.TemporaryDirectory(prefix="waybill-stored-") as folder:
        path = Path(folder) / "waybill.sqlite"
        began = time.perf_counter()
        fill(path, count)
        print(f"{count:,} messages: {path.stat().st_size / 1e6:,.0f} MB, made in {time.perf_counter() - began:.0f} s")
        began = time.perf_counter()
        store = Store(path, None)
        store.open()
        print(f"the store opens in {time.perf_counter() - began:.2f} s")
        for name, (median, high) in searches(store, count).items():
            print(f"search by {name:<20} median {median:7.1f} ms, p95 {high:7.1f} ms")
        store.close()
        seconds, before, after = prune_half(path)
        print(f"pruning half of it: {seconds:.0f} s, {before:,.0f} MB -> {after:,.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
