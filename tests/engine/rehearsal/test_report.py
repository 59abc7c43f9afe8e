"""A rehearsal as text and as a page."""

from __future__ import annotations

from engine.rehearsal.differences import Difference
from engine.rehearsal.groups import Rehearsal
from engine.rehearsal.report import MASKED, html, summary, text


def result() -> Rehearsal:
    made = Rehearsal(looked_at=1204, same=1200, seconds=2.0)
    for number in range(5):
        made.add(f"m{number}", [Difference("orders", "out", "call", "peer send", "body/a/b[2]", "Ann <1>", "Bob")])
    made.add("equal", [])
    return made


def test_text():
    assert text(result(), opened=True).splitlines()[:9] == [
        "orders",
        "  out call peer send: body/a/b changed in 5 messages",
        "    m0  body/a/b[2]",
        "      - Ann <1>",
        "      + Bob",
        "    m1  body/a/b[2]",
        "      - Ann <1>",
        "      + Bob",
        "    m2  body/a/b[2]",
    ]
    assert "    also m3, m4\n" in text(result(), opened=True)


def test_masked_text_says_so():
    shown = text(result(), opened=False)
    assert "Ann" not in shown
    assert "- Xxx <9>" in shown
    assert shown.endswith(MASKED + "\n")


def test_summary():
    made = result()
    made.not_compared["its run is not in the store any more"] = 2
    made.assumed["orders.also"] = 3
    made.chance["orders.out call body/x"] = 4
    made.otherwise = 1
    *lines, last = summary(made)
    assert [line.partition(":")[0] for line in lines] == [
        "1,204 messages", "2 not compared", "orders.also", "orders.out call body/x",
    ]  # fmt: skip
    assert last.startswith("1 runs come to another end on their own old revision")


def test_nothing_different_is_one_line():
    assert text(Rehearsal(looked_at=3, same=3), opened=False).count("\n") == 1


def test_the_page_is_escaped_and_whole():
    page = html(result(), opened=True)
    assert "Ann &lt;1&gt;" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.endswith("</html>\n")
