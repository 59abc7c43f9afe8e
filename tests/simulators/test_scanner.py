"""The scanner that drops pages: what, in which order, in which files, and how slowly."""

from __future__ import annotations

import json
import threading
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from simulators.scanner import drawn, files, main, parser


def options(tmp_path: Path, *words: str) -> Any:
    return parser().parse_args(["--folder", str(tmp_path), "--station", "desk-1", "--dpi", "60", *words])


def test_every_page_is_dropped_and_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.jsonl"
    words = ["--folder", str(tmp_path), "--station", "desk-1", "--dpi", "60", "--pages", "7", "--documents", "3"]
    assert main([*words, "--log", str(log), "--name", "x"]) == 0
    dropped = sorted((tmp_path / "desk-1").iterdir())
    assert [path.name for path in dropped] == [f"x-0001-{n:04}.jpg" for n in range(1, 8)]
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert [line["document"] for line in lines] == [1, 1, 1, 2, 2, 3, 3]
    assert [line["language"] for line in lines] == ["en"] * 3 + ["es"] * 2 + ["zh"] * 2
    for line in lines:
        assert line["patient"] in line["text"]
        assert line["sheet"] == "page"
    assert "7 pages" in capsys.readouterr().out
    assert main([*words, "--documents", "9"]) == 2


def test_the_same_seed_drops_the_same(tmp_path: Path) -> None:
    one, again, other = (list(files(options(tmp_path, "--seed", seed, "--pages", "4"))) for seed in ("1", "1", "2"))
    assert one == again
    assert one != other


def test_files_of_many_pages_and_all_forms_in_turn(tmp_path: Path) -> None:
    made = list(files(options(tmp_path, "--form", "mix", "--per-file", "3", "--pages", "10")))
    assert [(Path(name).suffix, len(told)) for name, _, told in made] == [
        (".jpg", 1), (".tif", 3), (".pdf", 3), (".jpg", 1), (".tif", 2),
    ]  # fmt: skip
    with Image.open(BytesIO(made[1][1])) as tiff:
        assert (tiff.mode, tiff.n_frames, tiff.info["compression"]) == ("1", 3, "group4")  # type: ignore[attr-defined]
        assert round(tiff.info["dpi"][0]) == 60
    with pypdfium2.PdfDocument(made[2][1]) as pdf:
        assert len(pdf) == 3
    assert [told["number"] for told in made[1][2]] == [1, 2, 3]


def test_sheets_drawn_from_texts_are_where_they_belong_and_can_be_read(tmp_path: Path) -> None:
    words = ["--documents", "2", "--pages", "2", "--header", "H-1", "--separator", "S-1", "--separator", "S-2"]
    told = [about for _, _, pages in files(options(tmp_path, *words, "--label", "P-1")) for about in pages]
    assert [one["sheet"] for one in told] == ["header", "separator", "label", "page", "separator", "label", "page"]
    assert [one.get("code") for one in told][:2] == ["H-1", "S-1"]
    lost = [about for _, _, pages in files(options(tmp_path, *words, "--leave-out", "2")) for about in pages]
    assert [one["sheet"] for one in lost] == ["header", "separator", "page", "page"]
    sheet, _ = drawn(options(tmp_path, "--dpi", "150"), "WBS-TEST-0001")
    assert {code.text for code in zxingcpp.read_barcodes(sheet)} == {"WBS-TEST-0001"}


def test_printed_sheets_are_taken_from_their_pdfs(tmp_path: Path) -> None:
    printed = tmp_path / "sheets"
    printed.mkdir()
    white = [Image.new("L", (80, 120), shade) for shade in (250, 200, 150)]
    white[0].save(printed / "set.pdf", "PDF", save_all=True, append_images=white[1:])
    white[0].save(printed / "labels.pdf", "PDF")
    words = ["--sheets", str(printed), "--documents", "2", "--pages", "2"]
    told = [about["sheet"] for _, _, pages in files(options(tmp_path, *words)) for about in pages]
    assert told == ["header", "separator", "label", "page", "separator", "label", "page"]
    bare = [about["sheet"] for _, _, pages in files(options(tmp_path, *words, "--no-label", "1")) for about in pages]
    assert bare == ["header", "separator", "page", "separator", "label", "page"]


def test_backs_are_blank_and_patients_may_be_given(tmp_path: Path) -> None:
    known = tmp_path / "patients.json"
    known.write_text(json.dumps([{"number": "42", "name": "Ana", "birth_date": "1960-01-02", "sex": "F"}]), "utf-8")
    words = ["--backs", "--documents", "1", "--pages", "2", "--patients", str(known), "--language", "es"]
    told = [about for _, _, pages in files(options(tmp_path, *words)) for about in pages]
    assert [one["sheet"] for one in told] == ["page", "blank", "page", "blank"]
    assert told[0]["patient"] == "42"
    assert "Ana" in told[0]["text"]


def test_empty_sheets_lie_behind_the_first_documents(tmp_path: Path) -> None:
    words = ["--documents", "3", "--pages", "3", "--blanks", "2"]
    told = [about for _, _, pages in files(options(tmp_path, *words)) for about in pages]
    assert [(one["sheet"], one["document"]) for one in told] == [
        ("page", 1), ("blank", 1), ("page", 2), ("blank", 2), ("page", 3),
    ]  # fmt: skip


def test_a_slow_file_grows_under_its_name(tmp_path: Path) -> None:
    words = ["--folder", str(tmp_path), "--station", "s", "--dpi", "60", "--documents", "1", "--pages", "1"]
    scanning = threading.Thread(target=main, args=([*words, "--slow", "0.4"],))
    scanning.start()
    sizes = set()
    while scanning.is_alive():
        sizes |= {path.stat().st_size for path in (tmp_path / "s").glob("*.jpg")}
    scanning.join()
    assert len(sizes) > 2


@pytest.mark.parametrize("words", [["--language", "fr"], ["--kinds", "poem"], ["--form", "bmp"], []])
def test_wrong_use(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(words)
