"""A peer is killed after its effect and before its answer, or never answers; it is started again by its own people."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.crash.children import KILLED, Child, until
from tests.crash.evidence import Counts
from tests.crash.plant import ONCE, Kind, Plant, plant


@pytest.fixture(scope="module", params=["person", "repeat"])
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    kind: Kind = request.param
    with plant(tmp_path_factory.mktemp(kind), kind) as made:
        yield made


@pytest.fixture
def here(kept: Plant) -> Iterator[Plant]:
    """The plant; its peers are themselves again afterwards."""
    yield kept
    for peer in (kept.ca, kept.his, kept.device):
        again(peer)


def again(peer: Child, *words: object) -> None:
    """The peer starts again with other words."""
    peer.kill()
    peer.start_simulator(*words)


def one_order(here: Plant, peer: Child) -> tuple[str, Counts]:
    """One order goes through while the peer dies of itself and is started again."""
    order = here.order_id()
    pushed = here.push("order", order)
    until(lambda: not peer.alive or here.look(order), ONCE, lambda: here.story(order))
    assert peer.status == KILLED, f"{peer.name} has not died"
    peer.start_simulator()
    here.finish(order)
    here.accepted(pushed)
    counts = here.counts(order)
    assert (counts.rows, counts.folders, counts.reports, counts.counting, counts.accepted) == (1, 1, 1, 1, 1)
    return order, counts


def test_the_his_dies_after_it_took_the_report(here: Plant):
    again(here.his, "--kill-after-effect", 1)
    order, counts = one_order(here, here.his)
    person = here.kind == "person"
    assert here.office.answers(order) == (["arrived"] if person else [])
    assert counts.pushes == (1 if person else 2)
    assert len(here.evidence.different_ids(order)) == 1


def test_the_his_takes_the_report_and_never_answers(here: Plant):
    again(here.his, "--hang", 1)
    order = here.order_id()
    here.accepted(here.push("order", order))
    here.finish(order)
    counts, person = here.counts(order), here.kind == "person"
    assert (counts.counting, counts.accepted, counts.pushes) == (1, 1, 1 if person else 2)
    assert here.office.answers(order) == (["arrived"] if person else [])


def test_the_his_says_no_at_first(here: Plant):
    again(here.his, "--fail", 2)
    order = here.order_id()
    here.accepted(here.push("order", order))
    here.finish(order)
    counts = here.counts(order)
    assert (counts.counting, counts.accepted, counts.pushes) == (1, 1, 3)
    assert here.office.answers(order) == []


def test_the_his_is_away(here: Plant):
    here.his.kill()
    order = here.order_id()
    here.accepted(here.push("order", order))
    until(lambda: here.tried(order, "send_back") >= 2, ONCE, lambda: here.story(order))
    here.his.start_simulator()
    here.finish(order)
    assert here.counts(order) == Counts(1, 1, 1, 1, 1, 1, 1)
    assert here.office.answers(order) == []


def test_the_ca_dies_after_it_took_the_job(here: Plant):
    again(here.ca, "--kill-after-effect", 1)
    order, counts = one_order(here, here.ca)
    assert here.office.taken_back.count(order) == 1
    assert counts.signatures == 2, "it signed what the physician took back, and what counts"


def test_the_ca_dies_when_it_has_signed(here: Plant):
    again(here.ca, "--phone-delay", 1)
    order = here.order_id()
    ended = threading.Event()
    killer = threading.Thread(target=_kill_when_signed, args=(here, ended))
    killer.start()
    here.accepted(here.push("order", order))
    until(lambda: ended.is_set() or here.look(order), ONCE, lambda: here.story(order))
    killer.join(ONCE)
    here.ca.start_simulator()
    here.finish(order)
    assert here.counts(order) == Counts(1, 1, 1, 1, 1, 1, 1)


def _kill_when_signed(here: Plant, ended: threading.Event) -> None:
    before = here.evidence.signed()
    until(lambda: here.evidence.signed() > before, ONCE, "nothing was signed")
    here.ca.kill()
    ended.set()


def test_the_device_dies_with_its_report_written_and_not_said(here: Plant):
    again(here.device, "--kill-after-effect", 1)
    _, counts = one_order(here, here.device)
    assert counts.signatures == 1
