"""docs/benchmarks.md says what was measured, and nothing else."""

import json

import pytest

from bench import page
from tests.bench.test_report import MACHINE, result

LONG = {
    "at": "2026-01-06T08:00:00+00:00", "machine": MACHINE, "connections": 32, "count": 1000, "per_second": 10.0,
    "lost": 0, "doubled": 0, "warm_mb": 1.0, "end_mb": 2.0, "peak_mb": 3.0, "slope_mb_per_million": 0.5,
    "workers_slope_mb_per_million": 0.0, "wal_peak_mb": 64.0, "store_mb": 5.0,
}  # fmt: skip


def test_what_was_not_measured_is_not_there():
    assert "Memory" not in page.page({"flow": result()})
    assert "2026-01-05; 2 cores, any" in page.page({"flow": result()})


def test_memory():
    text = page.page({"long": LONG})
    assert "1,000 messages at 10/s" in text
    assert "never above 64.0 MB" in text


def test_a_lost_message_is_not_sound():
    assert page.sound({"flow": result(), "long": LONG})
    assert not page.sound({"long": {**LONG, "lost": 1}})
    assert not page.sound({"flow": result(doubled=1)})


def test_parts_are_measured_one_by_one(tmp_path, monkeypatch):
    monkeypatch.setitem(page.PARTS, "long", lambda full: {**LONG, "samples": [1], "full": full})
    (tmp_path / "results.json").write_text(json.dumps({"flow": result()}))
    words = ["--results", str(tmp_path / "results.json"), "--page", str(tmp_path / "page.md"), "--only", "long"]
    assert page.main(words) == 0
    kept = json.loads((tmp_path / "results.json").read_text())
    assert kept["flow"] == result()
    assert "samples" not in kept["long"]
    assert "## Routes" in (tmp_path / "page.md").read_text()


def test_a_wrong_part():
    with pytest.raises(SystemExit):
        page.main(["--only", "fax"])


def test_the_page_in_docs_is_that_of_the_results():
    results = json.loads(page.RESULTS.read_text("utf-8"))
    assert page.PAGE.read_text("utf-8") == page.page(results)
