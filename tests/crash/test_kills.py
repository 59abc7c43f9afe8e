"""Ten random kills under load with MLLP, HTTP and SOAP; `make crash` does a thousand."""

from __future__ import annotations

import random
from pathlib import Path

from tests.crash.kills import Tally, line, one_round

KILLS = 10
SEED = 20_261


def test_ten_random_kills_lose_nothing_and_double_nothing_beyond_doubt(tmp_path: Path):
    tally = Tally()
    one_round(tmp_path, KILLS, random.Random(SEED), tally)
    print(f"\n  {line(tally)}")
    assert tally.kills == KILLS
    assert tally.answered > 100, "there was a load"
    assert (tally.lost, tally.wrong, tally.disorder) == (0, 0, 0), line(tally)


def test_what_is_wrong_is_seen():
    assert Tally(kills=9, twice=3).good
    assert not any(Tally(**{word: 1}).good for word in ("lost", "wrong", "disorder"))
