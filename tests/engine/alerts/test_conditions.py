"""Each condition of the grammar, on facts and on a real engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.alerts import conditions, facts
from engine.alerts.facts import Disk, Facts, Old, Pile, Rows
from engine.alerts.rates import Rates
from engine.channel import Health, HealthState
from engine.registry import Registry
from engine.site.alerts import WORDS
from engine.site.load import load_site
from engine.site.model import Site
from tests.engine.alerts.house import RULE, pager
from tests.engine.world import write_site

NOW = 1_790_000_000_000


def site_of(folder: Path, when: str) -> Site:
    text = RULE.replace("WHEN", f"[{when}]").replace("HOLD", "0s").replace("INTERVAL", "0s")
    return load_site(write_site(folder, pager(9, text)), Registry())


def look(folder: Path, when: str, **told: Any) -> list[tuple[str, str, bool]] | None:
    site = site_of(folder, when)
    alert = site.alerts["ward"]
    (one,) = alert.when
    seen = Facts(site, NOW, 5000.0, **told)
    found = conditions.look(alert, one.word, one.settings, seen)
    return None if found is None else [(each.subject, each.text, each.sure) for each in found]


PILES = Rows(
    (
        Pile("dead", "r", "out", "", 3, "WB-3003"), Pile("bug", "r", "out", "", 1, ""),
        Pile("doubt", "r", "out", "", 1, "WB-3002"),
        Pile("overdue", "r", "in", "overdue: alert to ward", 2, "WB-2014"), Pile("invalid", "r", "", "", 9, ""),
    ),
    {"source": 4},
)  # fmt: skip
DOWN = {"sink": Health(HealthState.DOWN, "refused"), "pager": Health(HealthState.DEGRADED), "source": Health(
    HealthState.STARTING)}  # fmt: skip
GIB = 1 << 30
CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("{dead_letter: all}", {"rows": PILES}, [("r.out", "3 runs, WB-3003", True)]),
    ("{dead_letter: [r]}", {"rows": Rows()}, []),
    ("{dead_letter: all}", {}, None),
    ("{held: all}", {"rows": PILES}, [("r.out", "1 run", True)]),
    ("{doubt: all}", {"rows": PILES}, [("r.out", "1 run, WB-3002", True)]),
    ("{overdue: all}", {"rows": PILES}, [("r.in", "2 runs, WB-2014", True)]),
    ("{identity_conflict: all}", {"rows": PILES}, [("source", "4 messages", True)]),
    ("{identity_conflict: [sink]}", {"rows": PILES}, []),
    ("{identity_conflict: all}", {}, None),
    ("{queue_older_than: 10m}", {}, None),
    ("{connection: down}", {"health": DOWN}, [("sink", "down: refused", True), ("source", "", False)]),
    ("{connection: degraded, of: [pager]}", {"health": DOWN}, [("pager", "degraded", True)]),
    ("{connection: down}", {"health": DOWN, "aside": frozenset({"sink", "source"})}, []),
    ("{disk_low: 5GiB}", {"disk": Disk(4 * GIB, 100 * GIB)}, [("disk", "4.0 GiB of 100.0 GiB left", True)]),
    ("{disk_low: 5GiB}", {"disk": Disk(6 * GIB, 100 * GIB)}, []),
    ("{disk_low: 10%}", {"disk": Disk(6 * GIB, 100 * GIB)}, [("disk", "6.0 GiB of 100.0 GiB left", True)]),
    ("{disk_low: 5%}", {"disk": Disk(6 * GIB, 100 * GIB)}, []),
    ("{disk_low: 5%}", {}, None),
    ("{clock: 30s}", {"jump": -40.0}, [("clock", "jumped by -40 s", True)]),
    ("{clock: 30s}", {"jump": 20.0}, []),
    ("{store: refuses}", {"refusing": "WB-1012 full"}, [("store", "WB-1012 full", True)]),
    ("{store: refuses}", {"refusing": ""}, []),
    ("{store: refuses}", {}, None),
]


@pytest.mark.parametrize(("when", "told", "found"), CASES)
def test_each(tmp_path: Path, when: str, told: dict[str, Any], found: Any) -> None:
    assert look(tmp_path, when, **told) == found


def test_every_word_has_a_look() -> None:
    assert conditions.LOOKS.keys() == WORDS.keys()


def test_a_queue(tmp_path: Path) -> None:
    when = "{queue_older_than: 10m}"
    settings = site_of(tmp_path, when).alerts["ward"].when[0].settings
    rows = Rows(queues={settings: (Old("r", "out", "sink", NOW),)})
    found = look(tmp_path, when, rows=rows)
    assert found is not None
    assert found[0][0] == "r.out"
    assert found[0][1].startswith("sink: the oldest since 2026-")


@pytest.mark.parametrize(("days", "word"), [(40, None), (20, "ends on"), (-1, "ended on")])
def test_a_certificate(tmp_path: Path, days: int, word: str | None) -> None:
    ends = {"pager": datetime.fromtimestamp(NOW / 1000, UTC) + timedelta(days=days)}
    found = look(tmp_path, "{certificate: 30d, of: [pager]}", ends=ends)
    assert found is not None
    assert [text.startswith(word or "") for _, text, _ in found] == ([] if word is None else [True])


def rates(per_hour: int, hours: float) -> dict[str, Any]:
    made = Rates()
    count = 0
    for second in range(0, int(hours * 3600) + 1, 60):
        count = second * per_hour // 3600
        made.sample([("source", 3600.0)], {"source": count}, 5000.0 - hours * 3600 + second)
    return {"rates": made, "counted": {"source": count}}


ABOVE = "{rate_above: 10/h, of: [source]}"
BELOW = "{rate_below: 10/h, of: [source], between: '07:00-19:00'}"


@pytest.mark.parametrize(
    ("when", "per_hour", "hours", "minute", "found"),
    [
        (BELOW, 5, 1.2, 600, ("5 messages in 1 h", True)), (BELOW, 20, 1.2, 600, None),
        (BELOW, 5, 0.5, 600, ("", False)), (BELOW, 5, 1.2, 100, ("", False)),
        (ABOVE, 60, 0.5, 0, ("30 messages in 1 h", True)), (ABOVE, 5, 1.2, 0, None),
    ],
)  # fmt: skip
def test_rates(tmp_path: Path, when: str, per_hour: int, hours: float, minute: int, found: Any) -> None:
    seen = look(tmp_path, when, minute=minute, **rates(per_hour, hours))
    assert [one[1:] for one in seen or ()] == ([] if found is None else [found])


def test_what_a_step_raises(tmp_path: Path) -> None:
    site = site_of(tmp_path, "{clock: 30s}")
    raised = conditions.raised(site.alerts["ward"], Facts(site, NOW, 0.0, PILES))
    assert [one.subject for one in raised or ()] == ["r.in"]
    assert conditions.raised(site.alerts["ward"], Facts(site, NOW, 0.0)) is None


def test_what_is_looked_at(tmp_path: Path) -> None:
    site = site_of(tmp_path, BELOW)
    assert conditions.windows(site.alerts.values(), site.connections) == {("source", 3600.0)}
    site = site_of(tmp_path, "{certificate: 30d}")
    assert conditions.secured(site.alerts.values(), site.connections.values()) == []
    assert facts.calls(site) == [("r", "out", "sink")]
