"""PDF/A-2b (ISO 19005-2): what a file says of itself, and the check at write. In a worker process.

The check is of structure: what a reader must find, and what must not be there. The colour profile is the one of
sRGB that LittleCMS makes, without its date, so that the same pages give the same bytes.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from records.pdf_writer import Writer, text_string

PRODUCER = "Waybill"
SRGB = "sRGB IEC61966-2.1"
FILTERS = {"/DCTDecode", "/FlateDecode", "/CCITTFaxDecode"}
COLOURS = {"/DeviceGray", "/DeviceRGB", "/Indexed"}
FORBIDDEN = ("/OpenAction", "/AA", "/AcroForm", "/Names", "/OCProperties", "/Requirements", "/Collection")
SAMPLE = 5
"""Pages whose text is read again."""

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<xmp:CreateDate>{date}</xmp:CreateDate><xmp:ModifyDate>{date}</xmp:ModifyDate>
<pdf:Producer>{producer}</pdf:Producer>
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
</rdf:Description></rdf:RDF></x:xmpmeta>
{room}<?xpacket end="w"?>"""


def describe(writer: Writer, title: str, created: int) -> tuple[int, str]:
    """Write what PDF/A asks for beside the pages: number of the information object, entries of the catalog.

    created: milliseconds since 1970.
    """
    moment = datetime.fromtimestamp(created // 1000, UTC)
    title = re.sub("[^\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", " ", title)
    xmp = _XMP.format(
        title=escape(title), date=f"{moment:%Y-%m-%dT%H:%M:%SZ}", producer=PRODUCER, room=(" " * 99 + "\n") * 20
    )
    metadata = writer.stream("/Type /Metadata /Subtype /XML", xmp.encode(), deflate=False)
    profile = writer.stream("/N 3", srgb())
    condition = f"/OutputConditionIdentifier ({SRGB}) /Info ({SRGB})"
    intent = writer.add(f"<< /Type /OutputIntent /S /GTS_PDFA1 {condition} /DestOutputProfile {profile} 0 R >>")
    date = f"(D:{moment:%Y%m%d%H%M%S}Z)"
    info = writer.add(f"<< /Title {text_string(title)} /Producer ({PRODUCER}) /CreationDate {date} /ModDate {date} >>")
    return info, f"/Metadata {metadata} 0 R /OutputIntents [{intent} 0 R]"


@cache
def srgb() -> bytes:
    """The profile: bytes 24 to 35 hold the moment at which it was made, and 84 to 99 an optional hash."""
    from PIL import ImageCms

    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return data[:24] + bytes((0x07, 0xE4, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0)) + data[36:84] + bytes(16) + data[100:]


def check(path: str, texts: list[int] | None = None) -> list[str]:
    """What keeps this file from being a PDF/A-2b, a line each; `texts`: pages (from 1) that must have text.

    No line holds anything of the document's text.
    """
    import pikepdf

    found = _bytes(Path(path))
    try:
        with pikepdf.open(path) as pdf:
            found += [f"syntax: {len(faults)} faults" for faults in [pdf.check_pdf_syntax()] if faults]
            found += _catalog(pdf) + _metadata(pdf)
            for place, page in enumerate(pdf.pages, 1):
                found += [f"page {place}: {fault}" for fault in _page(page.obj)]
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, KeyError, AttributeError, TypeError) as error:
        return [*found, f"it cannot be opened ({type(error).__name__})"]
    return found + _text(path, texts or [])


def _bytes(path: Path) -> list[str]:
    with path.open("rb") as file:
        head = file.read(64)
    first, _, rest = head.partition(b"\n")
    faults = []
    if not re.fullmatch(rb"%PDF-1\.[0-7]", first):
        faults.append("the first line is no PDF header")
    if rest[:1] != b"%" or len(rest) < 5 or min(rest[1:5]) < 128:
        faults.append("the binary mark is missing")
    return faults


def _catalog(pdf: Any) -> list[str]:
    root, faults = pdf.Root, []
    if pdf.is_encrypted or "/Encrypt" in pdf.trailer:
        faults.append("it is encrypted")
    if len(pdf.trailer.get("/ID", [])) != 2:
        faults.append("it has no ID")
    faults += [f"the catalog has {name}" for name in FORBIDDEN if name in root]
    intents = [one for one in root.get("/OutputIntents", []) if str(one.get("/S")) == "/GTS_PDFA1"]
    profile = intents[0].get("/DestOutputProfile") if len(intents) == 1 else None
    if profile is None or int(profile.get("/N", 0)) != 3 or profile.read_bytes()[16:20] != b"RGB ":
        faults.append("there is no output intent of RGB")
    return faults


def _metadata(pdf: Any) -> list[str]:
    stream = pdf.Root.get("/Metadata")
    if stream is None or "/Filter" in stream:
        return ["the metadata is missing, or compressed"]
    text, faults = stream.read_bytes().decode("utf-8", "replace"), []
    for part, value in (("part", "2"), ("conformance", "B")):
        if f"<pdfaid:{part}>{value}</pdfaid:{part}>" not in text:
            faults.append(f"the metadata's pdfaid:{part} is not {value}")
    info = pdf.docinfo
    date = re.sub(r"D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z", r"\1-\2-\3T\4:\5:\6Z", str(info.get("/CreationDate")))
    same = {
        "title": f">{escape(str(info.get('/Title', '')))}</rdf:li>",
        "date": f"<xmp:CreateDate>{date}</xmp:CreateDate>",
        "producer": f"<pdf:Producer>{info.get('/Producer')}</pdf:Producer>",
    }
    return faults + [f"the metadata's {name} is not that of the information" for name in same if same[name] not in text]


def _page(page: Any) -> list[str]:
    faults = [f"it has {name}" for name in ("/AA", "/Group", "/Annots") if name in page]
    box = [float(side) for side in page.MediaBox]
    if not all(3 <= side <= 14_400 for side in (box[2] - box[0], box[3] - box[1])):
        faults.append("its size is not allowed")
    uses = page.get("/Resources", {})
    for image in dict(uses.get("/XObject", {})).values():
        faults += _image(image)
    for font in dict(uses.get("/Font", {})).values():
        faults += _font(font)
    return faults


def _image(image: Any) -> list[str]:
    faults = [f"its image has {name}" for name in ("/SMask", "/OPI", "/Alternates") if name in image]
    space = image.get("/ColorSpace")
    named = str(space) if str(space).startswith("/") else str(space[0])
    if named not in COLOURS:
        faults.append("its image has another colour space")
    if str(image.get("/Filter")) not in FILTERS:
        faults.append("its image has another filter")
    if bool(image.get("/Interpolate", False)):
        faults.append("its image is interpolated")
    return faults


def _font(font: Any) -> list[str]:
    below = font.get("/DescendantFonts", [font])[0]
    descriptor = below.get("/FontDescriptor")
    if descriptor is None or not {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor.keys()):
        return ["a font is not in the file"]
    return [] if "/ToUnicode" in font else ["a font does not say its characters"]


def _text(path: str, pages: list[int]) -> list[str]:
    """Read the text of some of the pages again, as any other program would."""
    if not pages:
        return []
    from pypdf import PdfReader

    step = max(1, len(pages) // SAMPLE)
    reader = PdfReader(path)
    return [f"page {page}: its text is not found" for page in pages[::step] if not _has_text(reader, page)]


def _has_text(reader: Any, page: int) -> bool:
    return bool(reader.pages[page - 1].extract_text().strip())
