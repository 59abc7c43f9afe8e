"""Values on pages: behind their labels, in their zones, never the birth date; with the place where they stand."""

from __future__ import annotations

import random
from typing import Any

import pytest

from engine.message import Refused
from engine.transform.pool import Pool
from records.rules import Form, Rule
from records.values import COMMON, LONGEST_LINE, found, lines_of
from simulators import paper_text

DEPARTMENTS = {
    "neurology": ("Neurology", "Neurología", "神经内科"),
    "medicine": ("Internal Medicine", "Medicina Interna", "内科"),
    "laboratory": ("Clinical Laboratory", "检验科"),
}
LABORATORY = Rule("laboratory_number", r"[A-Z]{1,3}\d{2}-\d{4,8}", after=("Lab no.", "检验号"))


def words(*lines: str, height: float = 0.02) -> list[list[object]]:
    """Words as reading gives them: lines one below the other, `|` a wide gap."""
    made: list[list[object]] = []
    for row, line in enumerate(lines):
        x = 0.1
        for part in line.split("|"):
            for word in part.split():
                width = 0.01 * len(word)
                made.append([x, 0.1 + row * 0.04, width, height, 90.0, word])
                x += width + 0.01
            x += 0.2
    random.Random(1).shuffle(made)
    return made


def values(*lines: str, rules: tuple[Rule, ...] = ()) -> dict[str, str]:
    hits = found([("p1", words(*lines))], rules, DEPARTMENTS)
    return {hit["name"]: hit["value"] for hit in hits}


def test_lines_are_put_together() -> None:
    lines = [line.text for line in lines_of(words("Name: Ann|Date: 2 May 2020", "内 科 检 查"))]
    assert lines == ["Name: Ann  Date: 2 May 2020", "内科检查"]


@pytest.mark.parametrize(
    ("lines", "day"),
    [
        (("Date of birth: 1 May 1950|Date: 2 June 2020",), "2020-06-02"),
        (("Born 01/05/1950", "Seen on 02/06/2020"), "2020-06-02"),
        (("出生日期：1950年5月1日", "报告日期：2020年6月2日"), "2020-06-02"),
        (("Fecha de nacimiento: 01/05/1950", "Fecha: 2 de junio de 2020"), "2020-06-02"),
        (("Operated 03/01/2019", "Date 02/06/2020"), "2020-06-02"),
        (("Born 01/05/1950",), None),
    ],
)
def test_the_day_is_the_paper_s(lines: tuple[str, ...], day: str | None) -> None:
    assert values(*lines).get("date") == day


def test_the_longer_department() -> None:
    assert values("科室：神经内科")["department"] == "neurology"
    assert values("Department: Internal Medicine")["department"] == "medicine"
    assert "department" not in values("nothing of it")


def test_a_number_behind_its_label_first() -> None:
    lines = ("Order AB12-34567|Lab no. L20-12345", "Physician: Dr. Sample|x")
    assert values(*lines, rules=(LABORATORY,)) == {"laboratory_number": "L20-12345", "author": "Dr. Sample"}
    assert values("Order AB12-34567", rules=(LABORATORY,)) == {"laboratory_number": "AB12-34567"}


def test_only_in_its_zone() -> None:
    lower = Rule("stamp", r"S\d+", zone=(0.0, 0.12, 1.0, 0.5))
    assert values("S1", "S2", rules=(lower,)) == {"stamp": "S2"}


def test_the_place() -> None:
    [hit] = found(
        [
            (
                "p1",
                words("x"),
            ),
            ("p2", words("a b", "c L20-12345")),
        ],
        (LABORATORY,),
        {},
    )
    assert hit["page"] == "p2"
    assert hit["box"] == [0.12, 0.14, 0.09, 0.02]


def test_a_rule_of_the_kind_replaces_the_common_one() -> None:
    own = Rule("date", form=Form.DATE, after=("Operated",))
    assert {rule.name for rule in COMMON} >= {"date"}
    assert values("Date 02/06/2020", "Operated 03/01/2019", rules=(own,))["date"] == "2019-01-03"


@pytest.mark.parametrize("language", paper_text.LANGUAGES)
@pytest.mark.parametrize("layout", range(paper_text.LAYOUTS))
def test_on_generated_pages(language: str, layout: int) -> None:
    """Where the words are read without a fault, nearly every day and department is found; layouts differ in labels."""
    names = {lang: paper_text.vocabulary(lang)["departments"] for lang in paper_text.LANGUAGES}
    departments = {code: [names[lang][code] for lang in names] for code in names["en"]}
    good = wrong = 0
    for seed in range(12):
        who = paper_text.patient(language, seed)
        content = paper_text.content(paper_text.KINDS[seed % 12], language, who, seed, layout)
        lines = [f"{label}: {value}" for label, value in content.fields]
        hits = {hit["name"]: hit["value"] for hit in found([("p", words(*lines))], (), departments)}
        for name in ("date", "department"):
            wrong += name in hits and hits[name] != content.about[name]
            good += hits.get(name) == content.about[name]
    assert wrong == 0
    assert good >= 22


def test_a_pattern_is_tried_in_so_much_of_a_line_only() -> None:
    rule = Rule("stamp", r"S\d+")
    assert values("x" * (LONGEST_LINE - 5) + " S1", rules=(rule,)) == {"stamp": "S1"}
    assert values("x" * LONGEST_LINE + " S1", rules=(rule,)) == {}


@pytest.mark.limit(60)
async def test_a_pattern_that_never_ends_costs_its_job_alone(reactor: Any) -> None:
    """Such a one is refused where it is written; whatever slips through has its worker for the deadline, not longer."""
    pool = Pool(reactor, 1)
    pool.start()
    try:
        await pool.run("builtins:abs", -1, crew="pictures")
        job = "tests.records.unending:values"
        hanging = pool.run(job, "(.*)(.*)(.*)(.*)(.*)x", deadline=0.4, crew="pictures")
        behind = pool.run(job, "S[0-9]+", crew="pictures")
        with pytest.raises(Refused) as refused:
            await hanging
        assert refused.value.code == "WB-2004"
        assert await behind == ["S1"]
    finally:
        await pool.stop()
