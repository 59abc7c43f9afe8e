"""Sheets among pages: documents begin, patients follow labels, and what is wrong stops the batch."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import codes, sorting
from records.sorting import Before, Walk
from records.states import PageState

BATCH = "ABCDEFGH"
PATIENTS = {"1": 11, "2": 22}


def walk(**before: Any) -> Walk:
    return Walk(Before(**{"batch": BATCH, **before}), PATIENTS.get)


def seen(*texts: str) -> list[dict[str, Any]]:
    return [{"format": "qr", "text": text, "box": [0, 0, 1, 1]} for text in texts]


def separator(sequence: int, batch: str = BATCH) -> list[dict[str, Any]]:
    return seen(codes.separator(batch, sequence))


def codes_of(found: Walk) -> list[str]:
    return [stop.code for stop in found.stops]


def test_a_separator_begins_a_document() -> None:
    found = walk()
    assert found.page([], False).begins is False
    assert found.page(separator(1), True).state == PageState.SEPARATOR
    first = found.page([], False)
    assert (first.state, first.begins, first.draft) == (PageState.KEPT, True, None)
    found.went(7)
    second = found.page([], False)
    assert (second.begins, second.draft) == (False, 7)
    assert found.stops == []


def test_pages_before_any_separator_are_in_no_document() -> None:
    page = walk().page([], False)
    assert (page.begins, page.draft) == (False, None)


def test_a_walk_goes_on_where_the_last_one_ended() -> None:
    assert walk(begins=True).page([], False).begins
    assert walk(draft=5).page([], False).draft == 5
    found = walk(sequence=3)
    found.page(separator(4), True)
    assert found.stops == []


@pytest.mark.parametrize("came", [[2], [1, 3], [1, 1], [1, 2, 2], [2, 1]])
def test_a_gap_or_a_repeat_of_separators_stops(came: list[int]) -> None:
    found = walk()
    for sequence in came:
        found.page(separator(sequence), True)
    assert sorting.GAP in codes_of(found)


def test_a_loose_separator_stands_for_the_one_that_is_missing() -> None:
    found = walk()
    for text in (codes.separator(BATCH, 1), codes.separator(codes.LOOSE, 0), codes.separator(BATCH, 3)):
        assert found.page(seen(text), True).state == PageState.SEPARATOR
    assert found.page([], False).begins
    assert found.stops == []
    assert sorting.batch_of(seen(codes.separator(codes.LOOSE, 0))) is None


def test_a_sheet_of_another_batch_stops() -> None:
    for text in (codes.separator("ZZZZZZZZ", 1), codes.header("ZZZZZZZZ", 1, 1)):
        found = walk()
        found.page(seen(text), True)
        assert codes_of(found) == [sorting.MIXED]


def test_the_header_says_what_is_to_come() -> None:
    found = walk()
    assert found.page(seen(codes.header(BATCH, 3, 40)), True).state == PageState.HEADER
    assert found.header == codes.Header(BATCH, 3, 40)
    assert found.stops == []


def test_an_unreadable_sheet_stops_and_joins_no_document() -> None:
    found = walk(draft=5, patient=11)
    page = found.page([], True)
    assert (page.state, page.draft, page.patient, page.flags) == (PageState.KEPT, None, None, ["sheet"])
    assert codes_of(found) == [sorting.UNREADABLE]
    assert found.page([], False).draft is None


def test_a_wrong_check_character_stops() -> None:
    good = codes.separator(BATCH, 1)
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    found = walk()
    assert found.page(seen(wrong), True).flags == ["sheet"]
    assert codes_of(found) == [sorting.BAD, sorting.UNREADABLE]
    found = walk()
    assert found.page(seen(wrong), False).state == PageState.KEPT
    assert codes_of(found) == [sorting.BAD]


def test_one_good_code_of_a_sheet_is_enough() -> None:
    good = codes.separator(BATCH, 1)
    found = walk()
    assert found.page(seen("WBS-spoilt", good), True).state == PageState.SEPARATOR
    assert found.stops == []


def test_a_label_is_for_the_pages_behind_it() -> None:
    found = walk()
    assert found.page([], False).patient is None
    sheet = found.page(seen(codes.label("1")), True)
    assert (sheet.state, sheet.patient) == (PageState.LABEL, 11)
    assert found.page([], False).patient == 11
    page = found.page(seen(codes.label("2"), "4006381333931"), False)
    assert (page.state, page.patient) == (PageState.KEPT, 22)
    assert found.page([], False).patient == 22
    found.page(separator(1), True)
    assert found.page([], False).patient is None


def test_a_label_of_nobody_is_flagged() -> None:
    found = walk(patient=11)
    page = found.page(seen(codes.label("3")), False)
    assert (page.patient, page.flags) == (None, ["unknown"])
    assert found.page([], False).patient is None
    assert found.stops == []


def test_two_patients_on_one_page_stop() -> None:
    found = walk(patient=11)
    assert found.page(seen(codes.label("1"), codes.label("2")), False).patient is None
    assert codes_of(found) == [sorting.TWO]
    found = walk()
    assert found.page(seen(codes.label("1"), codes.label("1")), False).patient == 11


def test_others_barcodes_mean_nothing() -> None:
    found = walk(draft=5)
    page = found.page(seen("4006381333931", "http://x.example"), False)
    assert (page.state, page.draft) == (PageState.KEPT, 5)
    assert found.stops == []


def test_what_names_a_batch() -> None:
    assert sorting.batch_of(seen("x", codes.separator(BATCH, 1))) == BATCH
    assert sorting.batch_of(seen(codes.header(BATCH))) == BATCH
    assert sorting.batch_of(seen(codes.label("1"), "WBS-")) is None
    assert [one.sequence for one in sorting.separators(separator(2) + seen("x"))] == [2]


@given(st.lists(st.integers(0, 3), max_size=12))
def test_documents_are_what_lies_between_separators(lengths: list[int]) -> None:
    found, draft, groups = walk(), 0, []
    for sequence, length in enumerate(lengths, 1):
        found.page(separator(sequence), True)
        group = []
        for _ in range(length):
            page = found.page([], False)
            if page.begins:
                draft += 1
                page.draft = draft
                found.went(draft)
            group.append(page.draft)
        groups.append(group)
    assert found.stops == []
    assert [len(set(group)) for group in groups] == [min(1, length) for length in lengths]
    assert len({group[0] for group in groups if group}) == sum(length > 0 for length in lengths)
