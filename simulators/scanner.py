"""A stand-in for a scanner: it drops worn pages of invented patients into the folder of its station, slowly.

python -m simulators.scanner --folder F --station S [--documents N] [--pages N] [--language en,es,zh] [--form jpeg]
                             [--sheets FOLDER] [--slow SECONDS] [--log FILE]

The header, separator and label sheets come from PDFs that were printed (`--sheets`: in a file named `label...` one
label for each document, else the first page is the header and each other one a separator), or are drawn from texts.
Each page dropped is one line of the log, with what truly stands on it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from simulators.paper import DPI, KINDS, LANGUAGES, LAYOUTS, Patient, page, patient
from simulators.wear import blank, wear

FORMS = ("jpeg", "tiff", "pdf", "mix")
PIECES = 8
"""In which a file is written when that is slow."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One image to come. about: what is known of it, for the log."""

    draw: Callable[[], tuple[Image.Image, dict[str, Any]]]
    about: dict[str, Any] = field(default_factory=dict)


def stack(options: argparse.Namespace) -> Iterator[Sheet]:
    """All sheets in the order in which they are fed."""
    separators, labels = [*sheets(options, "separator")], [*sheets(options, "label")]
    yield from sheets(options, "header")
    for number in range(1, options.documents + 1):
        if separators and number not in options.leave_out:
            yield separators[(number - 1) % len(separators)]
        if labels and number not in options.no_label:
            yield labels[(number - 1) % len(labels)]
        yield from document(options, number)
        if number <= options.blanks:
            yield Sheet(partial(back, options, options.seed * 1000 + number), {"sheet": "blank", "document": number})


def document(options: argparse.Namespace, number: int) -> Iterator[Sheet]:
    """The pages of one document, each with its blank back if the scanner takes both sides."""
    chance = random.Random(f"document {options.seed} {number}")
    language = options.language[(number - 1) % len(options.language)]
    who = owner(options, language, number)
    kind, layout, seed = chance.choice(options.kinds), chance.randrange(LAYOUTS), options.seed * 1000 + number
    many = options.pages // options.documents + (number <= options.pages % options.documents)
    for place in range(1, many + 1):
        about = {"sheet": "page", "document": number}
        drawn = partial(front, options, (kind, language, who, seed, layout), place, many)
        yield Sheet(drawn, about)
        if options.backs:
            yield Sheet(partial(back, options, seed * 100 + place), {"sheet": "blank", "document": number})


def owner(options: argparse.Namespace, language: str, number: int) -> Patient:
    """Of the patients that were given, in turn, or an invented one."""
    if options.patients is None:
        return patient(language, options.seed * 1000 + number)
    known = json.loads(options.patients.read_text("utf-8"))
    return Patient(**known[(number - 1) % len(known)])


def front(options: argparse.Namespace, what: Any, place: int, many: int) -> tuple[Image.Image, dict[str, Any]]:
    """A worn page and what stands on it."""
    image, text, about = page(*what, number=place, pages=many, dpi=options.dpi)
    who = about.pop("patient")
    told = about | {"patient": who.number, "name": who.name, "text": text}
    return wear(image, what[3] * 100 + place, options.strength), told


def back(options: argparse.Namespace, seed: int) -> tuple[Image.Image, dict[str, Any]]:
    """An empty side."""
    return blank(seed, options.strength, (round(8.27 * options.dpi), round(11.69 * options.dpi))), {}


def sheets(options: argparse.Namespace, kind: str) -> list[Sheet]:
    """The sheets of a kind: from the PDFs that were printed, or drawn from texts."""
    if options.sheets is None:
        texts = {"header": options.header, "separator": options.separator, "label": options.label}[kind]
        return [Sheet(partial(drawn, options, text), {"sheet": kind}) for text in texts]
    printed = {True: list[tuple[Path, int]](), False: list[tuple[Path, int]]()}
    for path in sorted(options.sheets.glob("*.pdf")):
        printed["label" in path.name.lower()] += [(path, number) for number in range(pages_of(path))]
    chosen = {"label": printed[True], "header": printed[False][:1], "separator": printed[False][1:]}[kind]
    return [Sheet(partial(rendered, options, path, number), {"sheet": kind}) for path, number in chosen]


def pages_of(path: Path) -> int:
    """How many pages a PDF has."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as opened:
        return len(opened)


def rendered(options: argparse.Namespace, path: Path, number: int) -> tuple[Image.Image, dict[str, Any]]:
    """A printed sheet as the scanner sees it."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as opened:
        image = opened[number].render(scale=options.dpi / 72, grayscale=True).to_pil()
    return wear(image, options.seed * 1000 + number, options.strength), {}


def drawn(options: argparse.Namespace, text: str) -> tuple[Image.Image, dict[str, Any]]:
    """A sheet with this text as QR and Code 128."""
    import zxingcpp

    sheet = Image.new("L", (round(8.27 * options.dpi), round(11.69 * options.dpi)), 255)
    for name, share, y in (("QRCode", 0.4, 0.1), ("Code128", 0.75, 0.55)):
        code = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, name))
        image = Image.fromarray(code.to_image(scale=4))
        wide = round(sheet.width * share)
        image = image.resize((wide, round(sheet.height * 0.1) if name == "Code128" else wide), Image.Resampling.NEAREST)
        sheet.paste(image, ((sheet.width - wide) // 2, round(sheet.height * y)))
    ImageDraw.Draw(sheet).text((sheet.width // 3, round(sheet.height * 0.8)), text, fill=0)
    return wear(sheet, options.seed, options.strength), {"code": text}


def files(options: argparse.Namespace) -> Iterator[tuple[str, bytes, list[dict[str, Any]]]]:
    """(name, bytes, what stands on each page) of each file, one after the other: no more than one is in memory."""
    held: list[tuple[Image.Image, dict[str, Any]]] = []
    number = 0
    for sheet in stack(options):
        image, told = sheet.draw()
        held.append((image, sheet.about | told))
        form = form_of(options, number)
        if len(held) >= (1 if form == "jpeg" else options.per_file):
            yield made(options, form, number, held)
            held, number = [], number + 1
    if held:
        yield made(options, form_of(options, number), number, held)


def form_of(options: argparse.Namespace, number: int) -> str:
    """What the file of this number is."""
    form: str = options.form
    return FORMS[number % 3] if form == "mix" else form


def made(
    options: argparse.Namespace, form: str, number: int, held: Sequence[tuple[Image.Image, dict[str, Any]]]
) -> tuple[str, bytes, list[dict[str, Any]]]:
    """A file of these pages."""
    suffix = {"jpeg": "jpg", "tiff": "tif", "pdf": "pdf"}[form]
    name = f"{options.name}-{options.seed:04}-{number + 1:04}.{suffix}"
    told = [about | {"file": name, "number": place} for place, (_, about) in enumerate(held, 1)]
    return name, coded(form, [image for image, _ in held], options.dpi), told


def coded(form: str, images: Sequence[Image.Image], dpi: int) -> bytes:
    """JPEG of one page, G4 TIFF or PDF of all."""
    out = BytesIO()
    first, *rest = images
    if form == "jpeg":
        first.save(out, "JPEG", quality=80, dpi=(dpi, dpi))
    elif form == "tiff":
        black = [image.point(lambda value: 255 if value > 140 else 0).convert("1") for image in images]
        black[0].save(out, "TIFF", compression="group4", save_all=True, append_images=black[1:], dpi=(dpi, dpi))
    else:
        first.save(out, "PDF", save_all=True, append_images=rest, resolution=dpi, quality=80)
    return out.getvalue()


def write(path: Path, data: bytes, slow: float) -> None:
    """Under its final name from the first byte on, as scanners do."""
    with path.open("wb") as file:
        size = len(data) if slow <= 0 else len(data) // PIECES + 1
        for start in range(0, len(data), size):
            file.write(data[start : start + size])
            file.flush()
            if slow > 0:
                time.sleep(slow / PIECES)


def drop(options: argparse.Namespace) -> int:
    """Drop all files; how many pages there were."""
    folder = options.folder / options.station
    folder.mkdir(parents=True, exist_ok=True)
    pages = 0
    for name, data, told in files(options):
        write(folder / name, data, options.slow)
        pages += len(told)
        if options.log is not None:
            with options.log.open("a", encoding="utf-8") as log:
                log.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in told)
    return pages


def parser() -> argparse.ArgumentParser:
    """What the simulator understands."""
    found = argparse.ArgumentParser(
        prog="waybill simulate scanner", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = found.add_argument
    add("--folder", type=Path, required=True, help="the watched folder, with a folder for each station")
    add("--station", required=True)
    add("--documents", type=int, default=4)
    add("--pages", type=int, default=12, help="of all documents together")
    add("--language", type=lambda text: _of(text, LANGUAGES), default=list(LANGUAGES), help="en,es,zh: in turn")
    add("--kinds", type=lambda text: _of(text, KINDS), default=list(KINDS), help=f"of {', '.join(KINDS)}")
    add("--form", choices=FORMS, default="jpeg", help="jpeg: a file a page; mix: all in turn")
    add("--per-file", type=int, default=10, help="pages of one TIFF or PDF")
    add("--sheets", type=Path, help="folder with the PDFs of printed header, separator and label sheets")
    add("--header", action="append", default=[], metavar="TEXT", help="draw a header sheet with this code")
    add("--separator", action="append", default=[], metavar="TEXT", help="the same; once for each document")
    add("--label", action="append", default=[], metavar="TEXT", help="the same, behind the separator")
    add("--leave-out", action="append", type=int, default=[], metavar="N", help="lose the separator of document N")
    add("--no-label", action="append", type=int, default=[], metavar="N", help="document N has no label sheet")
    add("--patients", type=Path, metavar="FILE", help="JSON: [{number, name, birth_date, sex}], in turn")
    add("--backs", action="store_true", help="both sides; the backs are blank")
    add("--blanks", type=int, default=0, metavar="N", help="an empty sheet behind each of the first N documents")
    add("--strength", type=float, default=0.3, help="of the wear, 0 to 1")
    add("--dpi", type=int, default=DPI)
    add("--slow", type=float, default=0.0, metavar="SECONDS", help="that writing one file takes")
    add("--seed", type=int, default=1, help="the same seed drops the same pages")
    add("--name", default="scan", help="with which the names of files begin")
    add("--log", type=Path, help="a JSON line for each page, with its true text")
    return found


def _of(text: str, known: Sequence[str]) -> list[str]:
    words = text.split(",")
    if not set(words) <= set(known):
        raise argparse.ArgumentTypeError(f"of {', '.join(known)}")
    return words


def main(arguments: Sequence[str]) -> int:
    """Drop a stack of pages; exit status 2 on wrong use."""
    options = parser().parse_args(arguments)
    if options.documents < 1 or options.pages < options.documents:
        print("a document has a page at least", file=sys.stderr)
        return 2
    print(f"{drop(options)} pages dropped into {options.folder / options.station}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
