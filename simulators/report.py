"""Makes a device's report: a plausible PDF of an autonomic-nervous-system test, every value invented.

python -m simulators.report OUT.pdf ORDER_ID "PATIENT LINE" "EXAMINATION"
"""

from __future__ import annotations

import hashlib
import random
import sys
from functools import lru_cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

FONT_FILE = Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")
"""Of the Debian package fonts-droid-fallback: it holds the Chinese characters."""
FONT = "ReportCJK"
LATIN = "Helvetica"
KEYWORD = "医师签名"
"""Where the physician's seal goes: the last line of the last page."""
WIDTH, HEIGHT = A4


def make_report(target: str | Path | BinaryIO, order_id: str, patient_line: str, exam: str, pages: int = 2) -> None:
    """Write the report to a path or an open binary file. The same arguments give the same bytes.

    patient_line: what the device prints about the patient, free text. pages: at least 1; the last has KEYWORD.
    """
    data = report_bytes(order_id, patient_line, exam, pages)
    if isinstance(target, str | Path):
        Path(target).write_bytes(data)
    else:
        target.write(data)


def report_bytes(order_id: str, patient_line: str, exam: str, pages: int = 2) -> bytes:
    """The report as bytes."""
    _font()
    chance = random.Random(hashlib.sha256(order_id.encode()).digest())
    out = BytesIO()
    # invariant: no clock and no random id in the file, so a repeat gives the same bytes
    canvas = Canvas(out, pagesize=A4, invariant=1)
    canvas.setTitle("ANS report")
    canvas.setProducer("MultiTrace simulator")
    for number in range(1, pages + 1):
        _head(canvas, order_id, patient_line, exam, number, pages)
        _table(canvas, chance)
        _trace(canvas, chance)
        if number == pages:
            _conclusion(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@lru_cache(maxsize=1)
def _font() -> None:
    pdfmetrics.registerFont(TTFont(FONT, str(FONT_FILE)))


def _write(canvas: Canvas, x: float, y: float, text: str, size: float = 10, align: float = 0) -> None:
    """One line; the fallback font has no Latin letters, so each run of characters gets the font that has it.

    align: 0 left, 0.5 centred, 1 right of x.
    """
    runs = [(FONT if cjk else LATIN, part) for part, cjk in _runs(text)]
    widths = [pdfmetrics.stringWidth(part, font, size) for font, part in runs]
    x -= sum(widths) * align
    for (font, part), width in zip(runs, widths, strict=True):
        canvas.setFont(font, size)
        canvas.drawString(x, y, part)
        x += width


def _runs(text: str) -> list[tuple[str, bool]]:
    return [("".join(part), cjk) for cjk, part in groupby(text, key=lambda character: ord(character) > 255)]


def _head(canvas: Canvas, order_id: str, patient_line: str, exam: str, number: int, pages: int) -> None:
    _write(canvas, WIDTH / 2, HEIGHT - 25 * mm, "自主神经功能检测报告", size=18, align=0.5)
    _write(canvas, 20 * mm, HEIGHT - 38 * mm, patient_line)
    _write(canvas, 20 * mm, HEIGHT - 45 * mm, f"检查项目: {exam}")
    _write(canvas, WIDTH - 20 * mm, HEIGHT - 45 * mm, f"医嘱号: {order_id}", align=1)
    canvas.line(20 * mm, HEIGHT - 48 * mm, WIDTH - 20 * mm, HEIGHT - 48 * mm)
    _write(canvas, WIDTH / 2, 12 * mm, f"{number} / {pages}", align=0.5)


def _table(canvas: Canvas, chance: random.Random) -> None:
    rows = (
        ("平均心率", "bpm", 58, 96, "60-100"),
        ("SDNN", "ms", 22, 160, "> 50"),
        ("RMSSD", "ms", 12, 90, "> 20"),
        ("LF", "ms2", 150, 1400, "754-1586"),
        ("HF", "ms2", 90, 1100, "772-1178"),
        ("皮肤电导", "uS", 1, 14, "2-10"),
        ("皮温", "C", 28, 36, "30-35"),
    )
    for index, (name, unit, low, high, normal) in enumerate(rows):
        y = HEIGHT - 58 * mm - index * 7 * mm
        _write(canvas, 22 * mm, y, name)
        _write(canvas, 70 * mm, y, f"{chance.uniform(low, high):.1f} {unit}")
        _write(canvas, 115 * mm, y, f"参考 {normal}")
        canvas.line(20 * mm, y - 2 * mm, WIDTH - 20 * mm, y - 2 * mm)


def _trace(canvas: Canvas, chance: random.Random) -> None:
    _write(canvas, 20 * mm, 165 * mm, "心率变异趋势")
    canvas.rect(20 * mm, 95 * mm, WIDTH - 40 * mm, 65 * mm)
    path = canvas.beginPath()
    path.moveTo(20 * mm, 127 * mm)
    steps = 160
    for step in range(1, steps + 1):
        x = 20 * mm + (WIDTH - 40 * mm) * step / steps
        path.lineTo(x, 127 * mm + chance.gauss(0, 7 * mm) * 0.8)
    canvas.drawPath(path)


def _conclusion(canvas: Canvas) -> None:
    _write(canvas, 20 * mm, 82 * mm, "结论: 交感神经与副交感神经活动基本平衡,建议结合临床。")
    _write(canvas, 20 * mm, 74 * mm, "本报告仅供临床参考。")
    _write(canvas, 105 * mm, 45 * mm, f"{KEYWORD}:")
    canvas.line(128 * mm, 44 * mm, WIDTH - 20 * mm, 44 * mm)


def main(arguments: list[str]) -> int:
    """Write one report; exit status 2 on wrong usage."""
    if len(arguments) != 4:
        print(__doc__)
        return 2
    target, order_id, patient_line, exam = arguments
    make_report(target, order_id, patient_line, exam)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
