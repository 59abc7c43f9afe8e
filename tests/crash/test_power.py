"""The power goes at random moments: what was answered is there afterwards, and goes its way to the end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.effort import times
from tests.crash.mill import mill
from tests.crash.power import Recorded, check

SEED = 2026
SECONDS = 2.0
CUTS = times(16, 400)
STARTS = times(4, 40)
"""On so many of the disks the daemon is started again, which takes most of the time."""


@pytest.fixture(name="recorded", scope="module")
def fixture_recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    folder = tmp_path_factory.mktemp("power")
    with mill(folder) as made:
        yield Recorded(made, folder, SECONDS)


@pytest.mark.parametrize("number", range(CUTS))
def test_what_was_answered_is_on_the_disk(recorded: Recorded, tmp_path: Path, number: int):
    cut = recorded.cuts(CUTS, SEED)[number]
    recorded.judge(cut, recorded.make(cut, tmp_path / "site"))


@pytest.mark.parametrize("number", range(STARTS))
def test_the_daemon_starts_and_everything_ends(recorded: Recorded, tmp_path: Path, number: int):
    cut = recorded.cuts(STARTS, SEED + 1)[number]
    site = recorded.make(cut, tmp_path / f"start{number}")
    twice = recorded.live_on(cut, site)
    recorded.judge(cut, site)
    print(f"\n  {cut}: {len(recorded.answered(cut))} answered; sent twice, being in doubt: {len(twice)}", end="")


def test_a_disk_that_lies_is_found_out(recorded: Recorded, tmp_path: Path):
    """The check itself can fail: without the write-ahead log, answered messages are missing.

    On a slow machine nothing was copied from the log by then: the file has no table, and the whole store is missing.
    """
    cut = recorded.cuts(8, SEED + 2)[-2]
    site = recorded.make(cut, tmp_path / "site")
    copy = tmp_path / "copy"
    shutil.copytree(site, copy, symlinks=True)
    recorded.judge(cut, site)
    (copy / "var" / "waybill.sqlite-wal").unlink()
    with pytest.raises(AssertionError, match=r"not in the store|cannot be read"):
        recorded.judge(cut, copy)


def test_a_single_message_that_is_missing_is_found_out(recorded: Recorded, tmp_path: Path):
    cut = recorded.cuts(8, SEED + 2)[-2]
    site = recorded.make(cut, tmp_path / "site")
    with pytest.raises(AssertionError, match=r": 1 of \d+ answered messages are not in the store"):
        check(site / "var", [*recorded.answered(cut), "answered, and lost"], str(cut))
