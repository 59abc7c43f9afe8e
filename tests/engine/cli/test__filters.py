"""The options that narrow a search."""

from __future__ import annotations

import argparse
from datetime import datetime

import pytest

from engine.cli._filters import age_of, filter_arguments, filter_of, is_narrowed, time_of
from engine.message import Refused
from engine.ops.filters import LabelFilter
from engine.store.clock import now_ms


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    filter_arguments(parser)
    return parser.parse_args(words)


def test_all_of_them() -> None:
    wanted = filter_of(
        options("--label", "order_id=17*", "--label", "a=b=c", "--in-state", "dead", "--in-state", "held",
                "--route", "r", "--since", "2026-11-01", "--text", "refused", "--code", "WB-3003")
    )  # fmt: skip
    assert wanted.labels == (LabelFilter("order_id", "17", True), LabelFilter("a", "b=c", False))
    assert wanted.state == ("dead", "held")
    assert wanted.since == int(datetime(2026, 11, 1).astimezone().timestamp() * 1000)
    assert is_narrowed(wanted)
    assert not is_narrowed(filter_of(options()))


def test_times() -> None:
    assert abs(time_of("2h") - (now_ms() - 7_200_000)) < 60_000
    assert time_of("2026-11-01T08:30+08:00") == 1_793_493_000_000
    assert age_of("90d") == 90 * 86_400_000


@pytest.mark.parametrize("words", [("--label", "x"), ("--since", "then"), ("--in-state", "asleep"), ("--label", "a=")])
def test_what_is_wrong(words: tuple[str, ...]) -> None:
    with pytest.raises(Refused, match="WB-7501"):
        filter_of(options(*words))


def test_an_age_that_is_none() -> None:
    with pytest.raises(Refused, match="no age"):
        age_of("soon")
