"""Reading one page: the real Tesseract in each language, its limits, and how its table becomes text."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from engine.message import Refused
from records import read
from records.preprocess import Turn

LATIN = "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf"
CHINESE = "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"
HEAD = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"


def sheet(path: Path, line: str, font: str = LATIN, turned: float = 0.0) -> Path:
    page = Image.new("L", (1000, 320), 255)
    ImageDraw.Draw(page).text((60, 120), line, fill=0, font=ImageFont.truetype(font, 48))
    page.rotate(-turned, Image.Resampling.BICUBIC, fillcolor=255).save(path, dpi=(300, 300))
    return path


def words_of(answer: dict[str, Any]) -> list[list[Any]]:
    found: list[list[Any]] = json.loads(zlib.decompress(answer["words"]))
    return found


@pytest.mark.parametrize(
    ("languages", "line", "font"),
    [
        ("eng", "Discharge summary of the patient", LATIN),
        ("spa", "Neumonía del pulmón derecho", LATIN),
        ("chi_sim", "患者姓名出院记录", CHINESE),
    ],
)
def test_a_line_is_read(tmp_path: Path, languages: str, line: str, font: str) -> None:
    got = read.page(str(sheet(tmp_path / "page.png", line, font)), {}, languages, {"psm": 6}, str(tmp_path))
    assert got["text"] == line
    assert got["confidence"] > 60
    assert got["engine"].startswith("tesseract ")
    assert got["ms"] > 0
    assert got["same"] == read.same(got["folded"])
    for x, y, width, height, confidence, _ in words_of(got):
        assert 0.03 < x < 1
        assert 0.3 < y < 0.7
        assert width > 0
        assert height > 0
        assert confidence <= 100
    assert [path.name for path in tmp_path.iterdir()] == ["page.png"]  # nothing of the page is left


def test_a_page_is_read_as_its_recipe_shows_it_and_level(tmp_path: Path) -> None:
    master = sheet(tmp_path / "page.png", "Discharge summary", turned=6)
    with Image.open(master) as picture:
        picture.transpose(Image.Transpose.ROTATE_180).save(master)
    got = read.page(str(master), {"rotate": 180}, "eng", {"skew": 6.0, "psm": 6}, str(tmp_path))
    assert got["text"] == "Discharge summary"
    (first, second) = words_of(got)
    assert first[1] < second[1]  # the line falls to the right on the page as it lies


def test_an_empty_page_has_no_text(tmp_path: Path) -> None:
    Image.new("L", (600, 400), 255).save(tmp_path / "page.png")
    got = read.page(str(tmp_path / "page.png"), {}, "eng", {}, str(tmp_path))
    assert (got["text"], got["confidence"], got["same"], words_of(got)) == ("", 0.0, "", [])


@pytest.mark.parametrize("languages", ["klingon", "eng+klingon", "", "eng; rm", "../eng"])
def test_languages_that_are_not_there_are_refused(tmp_path: Path, languages: str) -> None:
    with pytest.raises(Refused) as refused:
        read.page(str(tmp_path / "none.png"), {}, languages, {}, str(tmp_path))
    assert refused.value.code == read.UNKNOWN


def test_a_page_over_its_time_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "LIMIT", 0.001)
    with pytest.raises(Refused) as refused:
        read.page(str(sheet(tmp_path / "page.png", "words")), {}, "eng", {}, str(tmp_path))
    assert refused.value.code == read.SLOW
    assert [path.name for path in tmp_path.iterdir()] == ["page.png"]


def test_what_tesseract_cannot_open_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.pgm").write_bytes(b"P5 nothing")
    with pytest.raises(Refused) as refused:
        read._tesseract(tmp_path / "page.pgm", "eng", {})
    assert refused.value.code == read.FAILED
    assert str(tmp_path) not in refused.value.reason


CHILD = """
import os, subprocess, sys
from records import read
child = subprocess.Popen(["sleep", "60"], **{**read._ending_with_us(), "stdout": subprocess.DEVNULL})
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_what_reads_ends_with_its_worker(tmp_path: Path) -> None:
    worker = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    child = int(worker.stdout.readline())
    os.kill(child, 0)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    end = time.monotonic() + 20
    while runs(child):
        assert time.monotonic() < end
        time.sleep(0.02)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_table_becomes_lines_and_blocks() -> None:
    rows = [
        "4\t1\t1\t1\t1\t0\t0\t0\t100\t10\t-1\t",
        "5\t1\t1\t1\t1\t1\t10\t10\t20\t10\t96.5\tName:",
        "5\t1\t1\t1\t1\t2\t40\t10\t20\t10\t-3\t王",
        "5\t1\t1\t1\t1\t3\t60\t10\t20\t10\t91\t小 ",
        '5\t1\t1\t1\t2\t1\t10\t30\t20\t10\t80\t"quoted"',
        "5\t1\t2\t1\t1\t1\t10\t60\t20\t10\t80\t   ",
        "5\t1\t2\t1\t1\t2\t40\t60\t20\t10\t80\tend",
        "5\t1\tdamaged",
    ]
    found = read.parsed(HEAD + "\n".join(rows), Turn(0.0, (100, 100)))
    assert read.joined(found) == 'Name: 王小\n"quoted"\n\nend'
    assert found[0][:5] == (0.1, 0.1, 0.2, 0.1, 96)
    assert found[1].confidence == 0


def test_little_text_is_like_no_other() -> None:
    assert read.same("a few words") == ""
    assert read.same("x" * 40) == read.same("x" * 40) != ""
