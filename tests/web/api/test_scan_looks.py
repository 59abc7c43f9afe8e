"""Looks at a batch: written once, and again when it is long ago or somebody new is in it."""

from __future__ import annotations

from web.api.auth import Person
from web.api.scan_looks import LIFE, MOST, Looks, looks_of


def person(session: str) -> Person:
    return Person(1, "ana", "Ana", ("SC",), "en", "c", session)


def test_what_was_written_is_not_written_again() -> None:
    looks, ana = Looks(), person("s1")
    assert looks.fresh(ana, "B1", {1, None}, 0) == {1, None}
    looks.written(ana, "B1", {1, None}, 0)
    assert looks.fresh(ana, "B1", {1, 2, None}, LIFE - 1) == {2}
    looks.written(ana, "B1", {2}, LIFE - 1)
    assert looks.fresh(ana, "B1", {1, 2}, LIFE - 1) == set()
    assert looks.fresh(ana, "B1", {1, 2}, LIFE) == {1, 2}
    looks.written(ana, "B1", {1}, LIFE)
    assert looks.fresh(ana, "B1", {1, 2}, LIFE + 1) == {2}


def test_another_batch_and_another_session_are_other_looks() -> None:
    looks = Looks()
    looks.written(person("s1"), "B1", {1}, 0)
    assert looks.fresh(person("s1"), "B2", {1}, 0) == {1}
    assert looks.fresh(person("s2"), "B1", {1}, 0) == {1}


def test_it_forgets_the_oldest() -> None:
    looks = Looks()
    for number in range(MOST + 1):
        looks.written(person("s"), f"B{number}", {1}, 0)
    assert looks.fresh(person("s"), "B0", {1}, 0) == {1}
    assert looks.fresh(person("s"), "B1", {1}, 0) == set()


def test_one_for_a_bridge() -> None:
    class Bridge:
        looks = None

    bridge = Bridge()
    assert looks_of(bridge) is looks_of(bridge)  # type: ignore[arg-type]
