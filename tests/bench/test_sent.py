"""What a measurement makes of what was sent and what came."""

from array import array

import pytest

from bench.flow import sound
from bench.sent import Sent, judged, percentile

SEEN = {"spoilt": 0}


def book(answered=(1.0, 1.0, 1.0), by=(0, 0, 1)):
    return Sent(10, array("d", [0.5] * len(answered)), array("d", answered), array("q", by))


def test_all_that_was_accepted_came_once():
    row = judged(book(), [(10, 1.5), (11, 1.6), (12, 2.5)], SEEN)
    assert (row["accepted"], row["delivered"], row["lost"], row["doubled"], row["overtaken"]) == (3, 3, 0, 0, 0)
    assert (row["ack_p50_ms"], row["end_p50_ms"], row["end_p99_ms"], row["last"]) == (500.0, 1100.0, 2000.0, 2.5)
    assert sound(row)


@pytest.mark.parametrize(
    ("received", "fault"),
    [
        ([(10, 1.0), (12, 1.0)], "lost"),
        ([(10, 1.0), (11, 1.0), (12, 1.0), (11, 1.0)], "doubled"),
        ([(10, 1.0), (11, 1.0), (12, 1.0), (99, 1.0)], "strange"),
        ([(10, 1.0), (11, 1.0), (12, 1.0), (-1, 1.0)], "strange"),
    ],
)
def test_faults_are_counted(received, fault):
    row = judged(book(), received, SEEN)
    assert row[fault] == 1
    assert not sound(row)


def test_a_message_that_was_not_changed_is_a_fault():
    assert not sound(judged(book(), [(10, 1.0), (11, 1.0), (12, 1.0)], {"spoilt": 1}))


def test_a_refused_message_is_not_missed():
    row = judged(book(answered=(1.0, 0.0, 1.0)), [(10, 1.0), (12, 1.0)], SEEN)
    assert (row["accepted"], row["lost"]) == (2, 0)


def test_order_is_judged_for_each_connection():
    assert judged(book(), [(12, 1.0), (10, 1.0), (11, 1.0)], SEEN)["overtaken"] == 0
    assert judged(book(), [(11, 1.0), (10, 1.0), (12, 1.0)], SEEN)["overtaken"] == 1


def test_percentiles():
    assert percentile([value / 1000 for value in range(1, 101)], 0.99) == 100.0
    assert percentile([], 0.5) == 0.0
