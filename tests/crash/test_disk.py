"""The disk is full, broken or read-only, at the start or in the middle: polite refusals, nothing lost, no restart."""

from __future__ import annotations

import errno
import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.children import until
from tests.crash.mill import Mill, mill
from tests.crash.power import attempts, check
from tests.crash.shim import Shim
from tests.crash.traffic import HttpSender, MllpSender, ScanSender, Sender, SoapSender

ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS)
POLITE = 8
"""So many polite refusals of each kind of sender are waited for."""


class Ill(Mill):
    """A mill whose disk does as the test says."""

    shim: Shim


@pytest.fixture(name="here", scope="module")
def fixture_here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ill]:
    folder = tmp_path_factory.mktemp("disk")
    with mill(folder, kind=Ill) as made:
        assert isinstance(made, Ill)
        made.shim = Shim(made.site, folder / "control")
        made.start(made.shim.environment())
        made.office.make_user()
        until(made.health, 30, "nobody can sign in")
        yield made


_numbers = iter(range(1, 1000))


def senders(here: Mill, *, size: int = 100_000) -> list[Sender]:
    """One of every kind, of patients of their own."""
    n = next(_numbers)
    return [MllpSender(here.adt, f"A{n}"), HttpSender(here.http, f"H{n}", size=size), SoapSender(here.http, f"S{n}")]


def everything_arrives(here: Mill, sent: list[Sender]) -> None:
    """Refused messages are sent again by their senders; then what was answered is at the peers, in order."""
    for sender in sent:
        for refused in sender.refused():
            until(lambda s=sender, r=refused: s.once(r.id).answer == "taken", 30, "still refused")  # type: ignore[misc]
        sender.close()
    here.finish()
    got = here.lab.got + here.ward.got
    names = {name for sender in sent for name in sender.taken()}
    came = Counter(name for name in got if name in names)
    assert names <= came.keys(), "what was answered has arrived"
    tries = attempts(here.state)
    assert not {name: n for name, n in came.items() if n > tries[name]}, "nothing is doubled but by the rules of doubt"
    check(here.state, sorted(names), "after the disk works again")


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: errno.errorcode[error])
def test_in_the_middle_of_the_load(here: Ill, error: int):
    sent, before = senders(here), here.shim.failed
    for sender in sent:
        sender.start()
    until(lambda: all(len(sender.taken()) > 20 for sender in sent), 60, "no traffic")
    here.shim.fail(error)
    try:
        until(lambda: all(len(s.refused()) >= POLITE for s in sent), 40, lambda: f"{[s.sent[-1] for s in sent]}")
        until(lambda: here.health().get("adt", ("", ""))[0] == "degraded", 30, lambda: f"{here.health()}")
        state, reason = here.health()["orders"]
        assert (state, "does not take writes" in reason) == ("degraded", True), reason
        assert not here.ready()["ready"]
        assert here.shim.failed > before
    finally:
        here.shim.work()
    taken = {sender.name: len(sender.taken()) for sender in sent}
    until(lambda: all(len(s.taken()) > taken[s.name] + 5 for s in sent), 60, "it does not recover")
    until(lambda: here.ready()["ready"], 30, lambda: f"{here.ready()}")
    until(lambda: here.health().get("adt", ("", ""))[0] == "up", 30, lambda: f"{here.health()}")
    for sender in sent:
        sender.end()
    assert all(one.answer != "nothing" for s in sent for one in s.sent), "no connection broke for a full disk"
    in_order = [name for name in here.lab.got if name.startswith(f"WB{sent[0].name}-")]
    assert list(dict.fromkeys(in_order)) == sorted(set(in_order)), "the order of a patient is kept"
    everything_arrives(here, sent)
    assert here.daemon.alive


@pytest.mark.parametrize("after", [0, 1, 2, 3, 5, 9])
def test_while_blobs_are_written(here: Ill, after: int):
    """Full for the blobs only, after so many writes of them: the store itself goes on."""
    large = HttpSender(here.http, f"H{next(_numbers)}", size=1_000_000)
    large.once()
    here.shim.fail(errno.ENOSPC, after=after, under=here.state / "blobs")
    try:
        for _ in range(4):
            large._numbers = itertools.count(10 * (len(large.sent) + 1))  # each is a large one
            large.once()
        refused = len(large.refused())
        small = MllpSender(here.adt, f"A{next(_numbers)}")
        assert small.once().answer == "taken", "what needs no blob goes on"
    finally:
        here.shim.work()
    assert refused >= 1, "a blob needs fewer writes than that?"
    everything_arrives(here, [large, small])
    assert not list((here.state / "blobs").glob(".*")), "nothing half written is left"


def test_while_a_file_is_moved_away(here: Ill):
    sender = ScanSender(here.http, f"F{next(_numbers)}")
    name = sender.once().id
    until((here.drop / name).is_dir, 30, lambda: f"no folder: {here.open_runs()}")
    here.shim.fail(errno.ENOSPC, under=here.drop)
    try:
        (here.drop / name / "scan.txt").write_text("a page")
        here.finish()
        until(lambda: here.health().get("desk", ("up", ""))[0] != "up", 30, lambda: f"{here.health()}")
        assert (here.drop / name / "scan.txt").exists(), "where it cannot be moved it stays"
    finally:
        here.shim.work()
    until(lambda: not (here.drop / name / "scan.txt").exists(), 30, "it is never moved")
    until(lambda: here.health().get("desk", ("", ""))[0] == "up", 30, lambda: f"{here.health()}")
    assert here.ward.got.count(name) == 1
    [kept] = [path for path in here.drop.rglob("*") if path.is_file() and path.read_bytes() == b"a page"]
    assert ".done" in kept.parts


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: errno.errorcode[error])
def test_at_the_start(tmp_path: Path, error: int):
    """It says why it does not start, in one line; on a disk that works it starts."""
    with mill(tmp_path) as made:
        shim = Shim(made.site, tmp_path / "control")
        for more in (0, 4, 12, 30):  # so many changes are made, then no more
            shim.fail(error, after=more)
            made.daemon.start(environment=shim.environment())
            until(lambda: not made.daemon.alive, 60, "it does not end")
            assert made.daemon.status == 1, made.daemon.tail()
            said = made.daemon.tail()
            assert "does not start" in said, said
            assert "Traceback" not in said, said
        shim.work()
        made.start(shim.environment())
        sent = MllpSender(made.adt, "A1")
        assert sent.once().answer == "taken"
        everything_arrives(made, [sent])
