"""When to train, and what a training is given; without the heavy packages that it takes."""

from __future__ import annotations

import json
import os
from pathlib import Path

from sqlalchemy import Connection

from records.examples import count_since, examples

JOB = "records.train:train"
NEW = 20
"""Decisions since the last training that make another one worth it."""
PAUSE = 20 * 3_600_000
"""Milliseconds between two by night."""
NIGHT = range(1, 5)
"""Hours of the site's own clock."""


def is_due(conn: Connection, *, last: int, at: int, hour: int) -> bool:
    """Whether it is night, long enough ago and enough was decided. last: when the last model was made (0: never)."""
    return hour in NIGHT and at - last >= PAUSE and count_since(conn, last) >= NEW


def write_examples(conn: Connection, path: Path) -> int:
    """The examples as JSON lines for the job, readable by us alone; how many. Remove it: it is patients' text."""
    count = 0
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        for one in examples(conn):
            out.write(json.dumps(one, ensure_ascii=False) + "\n")
            count += 1
    return count
