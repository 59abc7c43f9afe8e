"""The sheets that we print: batch header, separators, patient labels. A PDF each time, in one of three languages.

Each has its code twice (QR and Code 128), the same in words, and our marks in the corners (`records.marks`), by which
it is known as ours even when no code can be read. `make` is a job of worker processes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import zxingcpp
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from engine.message import Refused
from records import codes, marks

REFUSED = "WB-8030"  # sheets that cannot be printed as asked

Language = Literal["en", "es", "zh"]
MOST = 500
WIDTH, HEIGHT = A4
MIDDLE = WIDTH / 2
LONGEST = 70
_CHINESE = "STSong-Light"

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "header": "BATCH HEADER", "separator": "SEPARATOR", "label": "PATIENT", "batch": "Batch", "station": "Station",
        "documents": "Documents", "sheets": "Sheets", "number": "Number", "born": "Born", "title": "Title",
        "header.how": "Put this sheet first, printed side as the pages.",
        "separator.how": "Put this sheet before document {k}.",
        "loose.how": "Put this sheet before a document whose own separator is missing.",
        "label.how": "The pages behind this sheet are of this patient, up to the next separator or label.",
        "of": "{k} of {n}",
    },
    "es": {
        "header": "PORTADA DEL LOTE", "separator": "SEPARADOR", "label": "PACIENTE", "batch": "Lote",
        "station": "Puesto", "documents": "Documentos", "sheets": "Hojas", "number": "Número", "born": "Nacimiento",
        "title": "Título",
        "header.how": "Coloque esta hoja la primera, con la cara impresa como las páginas.",
        "separator.how": "Coloque esta hoja delante del documento {k}.",
        "loose.how": "Coloque esta hoja delante de un documento cuyo separador falta.",
        "label.how": "Las páginas que siguen son de este paciente, hasta el próximo separador o etiqueta.",
        "of": "{k} de {n}",
    },
    "zh": {
        "header": "批次首页", "separator": "分隔页", "label": "患者", "batch": "批次", "station": "工作站",
        "documents": "文档数", "sheets": "纸张数", "number": "患者号", "born": "出生日期", "title": "标题",
        "header.how": "请将本页放在最前面，印刷面与其他页同向。",
        "separator.how": "请将本页放在第 {k} 份文档之前。",
        "loose.how": "请将本页放在缺少分隔页的文档之前。",
        "label.how": "本页之后的页面属于该患者，直到下一张分隔页或标签页。",
        "of": "第 {k} 页，共 {n} 页",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """One printed page. big: the word that is read from far away; lines: name and value below the codes."""

    title: str
    code: str
    big: str
    how: str
    lines: Sequence[tuple[str, str]] = ()


def make(kind: str, given: Mapping[str, Any], language: str) -> bytes:
    """A PDF of `header`, `separators`, `set` (both) or `labels`.

    given: `batch` (the number on the header), `documents`, `sheets`, `station`, `title`; `count` of separators
    (default: as many as documents) from `first` on; of labels `patient` (`number`, `name`, `birth_date`) and `count`.
    """
    words = TEXTS.get(language)
    if words is None:
        raise Refused(REFUSED, "sheets are printed in en, es or zh")
    makers: dict[str, Callable[[Mapping[str, Any], dict[str, str]], list[Sheet]]] = {
        "header": _header, "separators": _separators, "labels": _labels,
        "set": lambda given, words: [*_header(given, words), *_separators(given, words)],
    }  # fmt: skip
    if kind not in makers:
        raise Refused(REFUSED, "sheets are header, separators, labels or set")
    return _drawn(makers[kind](given, words))


def _header(given: Mapping[str, Any], words: dict[str, str]) -> list[Sheet]:
    number = str(given["batch"])
    lines = [
        (words[name], str(given.get(name) or "")) for name in ("station", "title", "documents", "sheets")
    ]  # fmt: skip
    code = codes.header(number, given.get("documents"), given.get("sheets"))
    return [Sheet(words["header"], code, number, words["header.how"], lines)]


def _separators(given: Mapping[str, Any], words: dict[str, str]) -> list[Sheet]:
    number, documents = str(given.get("batch") or codes.LOOSE), int(given.get("documents") or 0)
    first = int(given.get("first") or 1)
    count = _counted(given.get("count") or documents)
    if number == codes.LOOSE:
        return [Sheet(words["separator"], codes.separator(number, 0), "", words["loose.how"])] * count
    total = max(documents, first + count - 1)
    station = str(given.get("station") or "")
    return [
        Sheet(
            words["separator"], codes.separator(number, k), words["of"].format(k=k, n=total),
            words["separator.how"].format(k=k), [(words["batch"], number), (words["station"], station)],
        )
        for k in range(first, first + count)
    ]  # fmt: skip


def _labels(given: Mapping[str, Any], words: dict[str, str]) -> list[Sheet]:
    patient = given["patient"]
    number = str(patient["number"])
    lines = [("", str(patient.get("name") or "")), (words["born"], str(patient.get("birth_date") or ""))]
    sheet = Sheet(words["label"], codes.label(number), number, words["label.how"], lines)
    return [sheet] * _counted(given.get("count") or 1)


def _counted(count: Any) -> int:
    if not 1 <= int(count) <= MOST:
        raise Refused(REFUSED, f"1 to {MOST} sheets are printed at a time")
    return int(count)


def _drawn(sheets: Sequence[Sheet]) -> bytes:
    if _CHINESE not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.setTitle("Waybill")  # a window's title says nothing of a patient
    for sheet in sheets:
        _draw(canvas, sheet)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw(canvas: Canvas, sheet: Sheet) -> None:
    marks.draw(canvas, WIDTH, HEIGHT, mm)
    _centred(canvas, sheet.title, HEIGHT - 48 * mm, 30)
    _centred(canvas, sheet.big, HEIGHT - 72 * mm, 54)
    side = 62 * mm
    canvas.drawImage(_barcode(sheet.code, "QRCode"), MIDDLE - side / 2, HEIGHT - 150 * mm, side, side)
    bars = _barcode(sheet.code, "Code128")
    canvas.drawImage(bars, MIDDLE - 80 * mm, HEIGHT - 184 * mm, 160 * mm, 24 * mm)
    _centred(canvas, sheet.code, HEIGHT - 192 * mm, 14)
    for place, (name, value) in enumerate((name, value) for name, value in sheet.lines if value):
        _centred(canvas, f"{name}: {value}" if name else value, HEIGHT - (207 + 10 * place) * mm, 18)
    _centred(canvas, sheet.how, 36 * mm, 12)


def _centred(canvas: Canvas, text: str, y: float, size: float) -> None:
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    font = "Helvetica-Bold" if _is_latin(text) else _CHINESE
    room = WIDTH - 40 * mm
    wide = pdfmetrics.stringWidth(text, font, size)
    canvas.setFont(font, size * min(1.0, room / wide) if wide else size)
    canvas.drawCentredString(MIDDLE, y, text)


def _is_latin(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _barcode(text: str, form: str) -> ImageReader:
    """Black on white with its quiet zone, one dot a module: the printer makes it larger without blur."""
    code = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(form))
    return ImageReader(Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=4, add_quiet_zones=True)))
