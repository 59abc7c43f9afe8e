"""The device's PDF before it is signed: each dangerous part is named by its code, a plain report passes."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    StreamObject,
    TextStringObject,
)

from signing import intake
from signing.intake import inspect
from simulators.ca_sign import produce
from tests.signing.desk import Desk, report


def name(text: str) -> NameObject:
    return NameObject(f"/{text}")


def action(kind: str, **more: object) -> DictionaryObject:
    made = DictionaryObject({name("S"): name(kind)})
    made.update({name(key): value for key, value in more.items()})
    return made


def annotation(subtype: str) -> DictionaryObject:
    box = ArrayObject([FloatObject(0)] * 4)
    return DictionaryObject({name("Type"): name("Annot"), name("Subtype"): name(subtype), name("Rect"): box})


def on_page(writer: PdfWriter, subtype: str, **more: object) -> None:
    made = annotation(subtype)
    made.update({name(key): value for key, value in more.items()})
    writer.pages[0][name("Annots")] = ArrayObject([writer._add_object(made)])


def form(writer: PdfWriter, **more: object) -> None:
    made = DictionaryObject({name("Fields"): ArrayObject()})
    made.update({name(key): value for key, value in more.items()})
    writer.root_object[name("AcroForm")] = made


SCRIPT = action("JavaScript", JS=TextStringObject("app.alert(1)"))
CASES: dict[str, tuple[Callable[[PdfWriter], object], str]] = {
    "javascript": (lambda w: w.root_object.update({name("OpenAction"): SCRIPT}), intake.SCRIPT),
    "attachment": (lambda w: w.add_attachment("a.txt", b"x"), intake.ATTACHMENT),
    "open action": (lambda w: w.root_object.update({name("OpenAction"): action("Named")}), intake.ACTION),
    "page action": (lambda w: w.pages[0].update({name("AA"): DictionaryObject()}), intake.ACTION),
    "launch": (lambda w: on_page(w, "Link", A=action("Launch")), intake.LAUNCH),
    "submit": (lambda w: on_page(w, "Link", A=action("SubmitForm")), intake.LAUNCH),
    "rich media": (lambda w: on_page(w, "RichMedia"), intake.RICH_MEDIA),
    "xfa": (lambda w: form(w, XFA=TextStringObject("x")), intake.XFA),
    "layers": (lambda w: w.root_object.update({name("OCProperties"): DictionaryObject()}), intake.LAYERS),
    "signature field": (lambda w: on_page(w, "Widget", FT=name("Sig")), intake.SIGNED),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_a_dangerous_part_is_named(tmp_path: Path, case: str) -> None:
    change, code = CASES[case]
    writer = PdfWriter(clone_from=PdfReader(BytesIO(report())))
    change(writer)
    path = tmp_path / "report.pdf"
    writer.write(path)
    assert code in {finding.code for finding in inspect(str(path))}


def codes(path: Path, data: bytes) -> list[str]:
    path.write_bytes(data)
    return [finding.code for finding in inspect(str(path))]


def test_a_plain_report_passes(tmp_path: Path) -> None:
    assert codes(tmp_path / "a.pdf", report()) == []


def test_a_link_and_an_opening_page_pass(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(report())))
    on_page(writer, "Link", A=action("URI", URI=TextStringObject("https://example.org")))
    writer.root_object[name("OpenAction")] = ArrayObject([writer.pages[0].indirect_reference, name("Fit")])
    writer.write(tmp_path / "a.pdf")
    assert inspect(str(tmp_path / "a.pdf")) == []


def test_a_half_an_encrypted_a_signed_and_a_large_one(tmp_path: Path, desk: Desk) -> None:
    path = tmp_path / "a.pdf"
    assert codes(path, report()[:-100]) == [intake.INCOMPLETE]
    assert codes(path, produce(desk.wish())) == [intake.SIGNED]
    writer = PdfWriter(clone_from=PdfReader(BytesIO(report())))
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(path)
    assert intake.ENCRYPTED in [finding.code for finding in inspect(str(path))]
    assert [finding.code for finding in inspect(str(path), max_size=10)] == [intake.TOO_LARGE]


def test_a_wrong_offset_in_the_cross_reference_is_malformed(tmp_path: Path) -> None:
    data = report()
    at = data.rindex(b"xref\n0 ")
    entries = data[at:]
    entry = entries.split(b"\n")[3]
    wrong = b"%010d" % (int(entry[:10]) + 7) + entry[10:]
    assert codes(tmp_path / "a.pdf", data[:at] + entries.replace(entry, wrong, 1)) == [intake.MALFORMED]


def test_a_nest_without_end_is_bounded(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(report())))
    nest: ArrayObject = ArrayObject()
    for _ in range(80):
        nest = ArrayObject([nest])
    writer.root_object[name("Nest")] = nest
    stream = StreamObject()
    stream.set_data(b"x")
    writer._add_object(stream)
    writer.write(tmp_path / "a.pdf")
    assert {finding.code for finding in inspect(str(tmp_path / "a.pdf"))} <= {intake.TOO_LARGE, intake.MALFORMED}
    assert inspect(str(tmp_path / "a.pdf"))
