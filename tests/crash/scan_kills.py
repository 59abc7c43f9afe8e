"""Random kills while paper is scanned: `python -m tests.crash.scan_kills --kills 500 --folder DIR` (make crash).

It can be stopped and started again: what was counted is in DIR/scans.json. Every round is a new site: batches of two
stations come and are worked at, side by side, while the daemon is killed at random; then every page is counted.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.crash.children import until
from tests.crash.scan_flow import Scan
from tests.crash.scan_plant import ScanPlant, scan_plant
from tests.crash.scan_points import Kind

ROUND = 25
"""Kills of one round."""
PAUSE = (0.2, 4.0)
"""Seconds between a start and the next kill, at random."""
STATIONS = ("left", "right")
SECONDS = 180.0


@dataclass
class Tally:
    """Counts over all rounds."""

    rounds: int = 0
    kills: int = 0
    batches: int = 0
    pages: int = 0
    seconds: float = 0.0

    def line(self) -> str:
        """The tally in words."""
        return (
            f"{self.kills} kills, {self.batches} batches of {self.pages} pages filed and told, none lost, none "
            f"doubled; {self.seconds:.0f} s in all"
        )


def one_round(folder: Path, kills: int, chance: random.Random, tally: Tally, kind: Kind = "repeat") -> None:
    """So many kills; raises what is wrong."""
    began = time.monotonic()
    with scan_plant(folder, kind) as plant:
        for code in STATIONS:
            plant.station(code)
        done: list[Scan] = []
        work = {code: _next(plant, code) for code in STATIONS}
        last = plant.kills + kills
        while plant.kills < last:
            kill_at = time.monotonic() + chance.uniform(*PAUSE)
            while time.monotonic() < kill_at:
                for code in STATIONS:
                    if work[code].look():
                        done.append(work[code])
                        work[code] = _next(plant, code)
            plant.kill()
            plant.start_daemon()
        for scan in work.values():
            until(scan.look, SECONDS, scan.story)
        _count(plant, [*done, *work.values()], tally)
        tally.kills += kills
    tally.rounds += 1
    tally.seconds += time.monotonic() - began


def _next(plant: ScanPlant, station: str) -> Scan:
    scan = Scan(plant, "folder", station)
    scan.send()
    return scan


def _count(plant: ScanPlant, scans: list[Scan], tally: Tally) -> None:
    for scan in scans:
        scan.check()
    pages = plant.rows("SELECT count(*), count(DISTINCT master) FROM page")
    assert pages == [(6 * len(scans), 6 * len(scans))], pages
    plant.verify()
    tally.batches += len(scans)
    tally.pages += 6 * len(scans)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--folder", type=Path, default=Path("build/crash"))
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    kept = options.folder / "scans.json"
    tally = Tally(**json.loads(kept.read_text())) if kept.exists() else Tally()
    while tally.kills < options.kills:
        seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
        place = Path(tempfile.mkdtemp(prefix="scans-", dir=options.folder))
        kind: Kind = "person" if tally.rounds % 2 else "repeat"
        print(f"{datetime.now(UTC):%H:%M:%S} seed {seed}, {place}", flush=True)
        one_round(
            place, min(ROUND, options.kills - tally.kills), random.Random(f"{seed}/{tally.rounds}"), tally, kind
        )  # fmt: skip
        kept.write_text(json.dumps(asdict(tally)))
        print(f"{datetime.now(UTC):%H:%M:%S} {tally.line()}", flush=True)
        shutil.rmtree(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
