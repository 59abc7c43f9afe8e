"""Random kills of the real daemon under load: `python -m tests.crash.kills --kills 1000 --folder DIR` (make crash).

It can be stopped and started again: what was counted is in DIR/tally.json. Every round is a new site: some dozen kills
under load, then everything must end, and what the senders and the peers noted is compared.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.crash.children import until
from tests.crash.mill import Mill, mill
from tests.crash.power import attempts, check

ROUND = 25
"""Kills of one round."""
PAUSE = (0.05, 2.0)
"""Seconds between a start and the next kill, at random."""


@dataclass
class Tally:
    """Counts over all rounds. twice: delivered more than once, each with a further attempt in the ledger."""

    rounds: int = 0
    kills: int = 0
    answered: int = 0
    unanswered: int = 0
    lost: int = 0
    twice: int = 0
    wrong: int = 0
    disorder: int = 0
    held: int = 0
    seconds: float = 0.0
    slowest_start: float = 0.0

    @property
    def good(self) -> bool:
        """`wrong`: delivered more often than the ledger has attempts. `disorder`: overtaken within a patient."""
        return not (self.lost or self.wrong or self.disorder)


def one_round(folder: Path, kills: int, chance: random.Random, tally: Tally) -> None:
    """So many kills under load."""
    began = time.monotonic()
    with mill(folder) as made:
        made.start({})
        senders = made.senders(2)
        for sender in senders:
            sender.pause = 0.002
            sender.start()
        for _ in range(kills):
            time.sleep(chance.uniform(*PAUSE))
            made.kill()
            started = time.monotonic()
            made.start()
            tally.slowest_start = max(tally.slowest_start, time.monotonic() - started)
            tally.kills += 1
        for sender in senders:
            sender.end()
        tally.held += _let_go(made)
        made.finish(180)
        _compare(made, [sender.taken() for sender in senders], tally)
        tally.unanswered += sum(1 for sender in senders for one in sender.sent if one.answer != "taken")
    tally.rounds += 1
    tally.seconds += time.monotonic() - began


def _let_go(made: Mill) -> int:
    """A person retries what stopped the engine three times; how many."""
    made.office.make_user()
    retried = 0
    sql = "SELECT count(*) FROM run WHERE state IN ('ready', 'running', 'waiting')"
    for _ in range(100):
        until(lambda: made.rows(sql + " AND waits_for NOT LIKE 'behind %'") == [(0,)], 180, "it does not come to rest")
        held = made.rows("SELECT id, reason FROM run WHERE state IN ('held', 'dead')")
        if not held:
            break
        for name, reason in held:
            assert reason == "stopped the engine three times", f"a run is held: {reason}"
            made.office.post(f"/api/v1/runs/{name}/retry", {"note": "looked at it"})
            retried += 1
    return retried


def _compare(made: Mill, answered: list[list[str]], tally: Tally) -> None:
    got = made.lab.got + made.ward.got
    came, tries = Counter(got), attempts(made.state)
    wanted = [name for names in answered for name in names]
    check(made.state, wanted, "after the kills")
    tally.answered += len(wanted)
    tally.lost += sum(1 for name in wanted if not came[name])
    tally.twice += sum(1 for count in came.values() if count > 1)
    tally.wrong += sum(1 for name, count in came.items() if count > tries.get(name, 0))
    first = list(dict.fromkeys(made.lab.got))
    for patient in {name.rpartition("-")[0] for name in first}:
        mine = [name for name in first if name.startswith(f"{patient}-")]
        tally.disorder += mine != sorted(mine)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=Path("build/crash"))
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    kept = options.folder / "tally.json"
    tally = Tally(**json.loads(kept.read_text())) if kept.exists() else Tally()
    while tally.kills < options.kills and tally.good:
        seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
        place = Path(tempfile.mkdtemp(prefix="round-", dir=options.folder))
        one_round(place, min(ROUND, options.kills - tally.kills), random.Random(f"{seed}/{tally.rounds}"), tally)
        kept.write_text(json.dumps(asdict(tally)))
        print(f"{datetime.now(UTC):%H:%M:%S} seed {seed}: {line(tally)}", flush=True)
        if tally.good:
            shutil.rmtree(place)
    return 0 if tally.good else 1


def line(tally: Tally) -> str:
    """The tally in words."""
    return (
        f"{tally.kills} kills, {tally.answered} messages answered: {tally.lost} lost, {tally.twice} delivered twice in "
        f"doubt, {tally.wrong} more often than tried, {tally.disorder} out of order, {tally.held} held "
        f"after three kills; slowest start {tally.slowest_start:.1f} s, {tally.seconds:.0f} s in all"
    )


if __name__ == "__main__":
    sys.exit(main())
