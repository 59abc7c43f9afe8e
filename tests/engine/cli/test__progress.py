"""A progress bar: on a terminal only, gone at the end."""

from __future__ import annotations

import io

from engine.cli._progress import Progress, line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_it_and_it_goes_away() -> None:
    out = Terminal()
    with Progress("pruning", out) as bar:
        bar(10, 10)
    assert "pruning [##############################] 100%  10 of 10" in out.getvalue()
    assert out.getvalue().endswith("\r")
    assert out.getvalue().rpartition("\r")[0].rpartition("\r")[2].strip() == ""


def test_it_is_not_drawn_too_often() -> None:
    out = Terminal()
    with Progress("x", out) as bar:
        for number in range(10_000):
            bar(number, 20_000)
    assert out.getvalue().count("of 20,000") < 100


def test_elsewhere_nothing_is_written() -> None:
    out = io.StringIO()
    with Progress("pruning", out) as bar:
        bar(1, 2)
    assert out.getvalue() == ""


def test_the_line() -> None:
    assert line("copying", 5, None) == "copying  5"
    assert line("copying", 1, 2) == f"copying [{'#' * 15}{'.' * 15}]  50%  1 of 2"
    assert "100%" in line("copying", 3, 2)
