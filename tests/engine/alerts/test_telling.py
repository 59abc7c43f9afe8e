"""Who is told what: once to each target, nothing of what was put off from begin to end."""

from __future__ import annotations

from typing import Any

import pytest

from engine.alerts.book import BEGIN, END, Row
from engine.alerts.telling import choose, request_of, targets_of
from engine.alerts.texts import Place
from engine.site.alerts import Alert, Email, Webhook

BOTH = Alert("desk", ("OP",), email=Email("mail", ("it@h",)), webhook=Webhook("pager", "/a"))
NOW = 1000


def row(ended: int | None = None, snoozed: int | None = None, *told: tuple[str, str]) -> Row:
    return Row(1, "desk", "connection", "a", "", 1, ended, snoozed, frozenset(told))


@pytest.mark.parametrize(
    ("one", "begins", "ends", "known"),
    [
        (row(), 1, 0, [BEGIN]), (row(None, None, (BEGIN, "webhook")), 1, 0, [BEGIN]),
        (row(None, None, (BEGIN, "email")), 0, 0, []), (row(None, 2000), 0, 0, []), (row(None, 500), 1, 0, [BEGIN]),
        (row(900), 0, 1, [BEGIN, END]), (row(900, None, (BEGIN, "email")), 0, 1, [BEGIN, END]),
        (row(900, 950), 0, 0, [BEGIN, END]), (row(900, 950, (BEGIN, "email")), 0, 1, [BEGIN, END]),
        (row(900, None, (BEGIN, "email"), (END, "email")), 0, 0, []),
    ],
)  # fmt: skip
def test_what_a_target_is_told(one: Row, begins: int, ends: int, known: list[str]) -> None:
    telling, knows = choose(BOTH, "email", [one], NOW)
    assert (len(telling.begins), len(telling.ends), [phase for _, phase in knows]) == (begins, ends, known)


def test_the_same_has_the_same_key() -> None:
    def key(*rows: Row, target: str = "email") -> str:
        telling, _ = choose(BOTH, target, rows, NOW)
        return request_of(telling, target, Place("s"), NOW, 1, 5.0).key

    assert key(row()) == key(row())
    assert len({key(row()), key(row(900)), key(row(None, 500)), key(row(), target="webhook")}) == 4


def test_the_calls() -> None:
    assert targets_of(BOTH) == {"email": "mail", "webhook": "pager"}
    telling, _ = choose(BOTH, "email", [row()], NOW)
    mail: Any = request_of(telling, "email", Place("s"), NOW, 2, 5.0)
    assert (mail.operation, mail.arguments["addresses"], mail.attempt) == ("mail", ["it@h"], 2)
    post: Any = request_of(telling, "webhook", Place("s"), NOW, 1, 5.0)
    assert (post.operation, post.arguments["path"], post.arguments["body"]["rule"]) == ("post", "/a", "desk")
