"""Rule 7: whatever the signing increment changes besides the signature and its seal is refused."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from engine.transform.pdf import Box
from signing.content import canon
from signing.gate import CONTENT, REVISION
from simulators.ca_sign import Seal
from tests.signing.desk import BOX, SEAL, Desk


def dictionary(**entries: Any) -> Any:
    return generic.DictionaryObject({pdf_name(f"/{key}"): value for key, value in entries.items()})


def numbers(*values: float) -> Any:
    return generic.ArrayObject(generic.NumberObject(value) for value in values)


def page(writer: Any, index: int = 0) -> Any:
    reference = writer.find_page_for_modification(index)[0]
    writer.mark_update(reference)
    return reference.get_object()


def note() -> Any:
    text = {"Contents": pdf_string("forged"), "Rect": numbers(50, 500, 300, 540)}
    return dictionary(Type=pdf_name("/Annot"), Subtype=pdf_name("/FreeText"), **text)


def crop(writer: Any) -> None:
    page(writer)["/CropBox"] = numbers(0, 0, 300, 300)


def box(writer: Any) -> None:
    page(writer, 1)["/MediaBox"] = numbers(0, 0, 500, 500)


def annotate(writer: Any) -> None:
    page(writer)["/Annots"] = generic.ArrayObject([writer.add_object(note())])


def annotate_beside_the_seal(writer: Any) -> None:
    page(writer, 1)["/Annots"] = generic.ArrayObject([writer.add_object(note())])


def act_on_opening(writer: Any) -> None:
    writer.root["/OpenAction"] = dictionary(S=pdf_name("/JavaScript"), JS=pdf_string("app.alert(1)"))
    writer.update_root()


def replace_content(writer: Any) -> None:
    reference = page(writer, 0).raw_get("/Contents").reference
    writer.objects[(reference.generation, reference.idnum)] = generic.StreamObject(stream_data=b"q Q")


def replace_fonts(writer: Any) -> None:
    reference = page(writer, 0)["/Resources"].raw_get("/Font").reference
    fonts = reference.get_object()
    del fonts["/F1"]
    writer.mark_update(reference)


def drop_a_page(writer: Any) -> None:
    pages = writer.root["/Pages"]
    pages["/Kids"] = generic.ArrayObject([pages["/Kids"].raw_get(1)])
    writer.update_container(pages)


def swap_pages(writer: Any) -> None:
    kids = writer.root["/Pages"]["/Kids"]
    kids[0], kids[1] = kids.raw_get(1), kids.raw_get(0)
    writer.update_container(writer.root["/Pages"])


def another_field(writer: Any) -> None:
    field = writer.add_object(dictionary(FT=pdf_name("/Tx"), T=pdf_string("name"), V=pdf_string("forged")))
    writer.root["/AcroForm"] = writer.add_object(dictionary(Fields=generic.ArrayObject([field])))
    writer.update_root()


def dynamic_form(writer: Any) -> None:
    form = dictionary(Fields=generic.ArrayObject(), XFA=writer.add_object(generic.StreamObject(stream_data=b"<xdp/>")))
    writer.root["/AcroForm"] = writer.add_object(form)
    writer.update_root()


def another_title(writer: Any) -> None:
    info = writer.trailer["/Info"]
    info["/Title"] = pdf_string("another patient's report")
    writer.update_container(info)


CHANGES: list[Callable[[Any], None]] = [
    crop,
    box,
    annotate,
    annotate_beside_the_seal,
    act_on_opening,
    replace_content,
    replace_fonts,
    drop_a_page,
    swap_pages,
    another_field,
    dynamic_form,
    another_title,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_inside_the_signing_increment_is_refused(desk: Desk, change: Callable[[Any], None]) -> None:
    seal = None if change in (drop_a_page, swap_pages) else SEAL
    assert desk.codes(desk.signed(prepare=change, seal=seal), seal=None) == {CONTENT}


def test_a_field_with_an_action_is_refused(desk: Desk) -> None:
    def with_action(writer: Any) -> None:
        append_signature_field(writer, SigFieldSpec("Physician1", on_page=1, box=SEAL.box))
        field = writer.root["/AcroForm"]["/Fields"][0]
        field["/AA"] = dictionary(E=dictionary(S=pdf_name("/JavaScript"), JS=pdf_string("1")))

    assert desk.codes(desk.signed(prepare=with_action)) == {CONTENT}


def test_a_second_signature_field_is_refused(desk: Desk) -> None:
    def second(writer: Any) -> None:
        append_signature_field(writer, SigFieldSpec("Other", on_page=1, box=(10, 10, 50, 50)))

    assert desk.codes(desk.signed(prepare=second)) == {REVISION}


def updated(data: bytes, *changes: Callable[[Any], None]) -> bytes:
    """The bytes with one more increment."""
    writer = IncrementalPdfFileWriter(BytesIO(data))
    for change in changes:
        change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def test_an_object_that_was_spoken_of_and_missing_does_not_appear(desk: Desk) -> None:
    """A shadow: the sent report refers to an object that it does not have; the increment brings it."""
    brought: list[int] = []

    def speak(writer: Any) -> None:
        size = int(writer.prev.trailer["/Size"]) + 2  # the number that pyHanko will give to the next new object
        page(writer)["/Contents"] = generic.IndirectObject(size, 0, writer)
        brought.append(size)

    def bring(writer: Any) -> None:
        brought.append(writer.add_object(generic.StreamObject(stream_data=b"0 0 300 300 re f")).idnum)

    desk.sent = updated(desk.sent, speak)
    assert desk.codes(desk.signed(prepare=bring)) == {CONTENT}
    assert brought[0] == brought[1]


@pytest.mark.parametrize(
    "seal",
    [Seal(1, 360, 120, 445, 160), Seal(2, 100, 120, 185, 160), Seal(2, 360, 120, 460, 160), Seal(2, 0, 0, 595, 841)],
)
def test_a_seal_elsewhere_is_refused(desk: Desk, seal: Seal) -> None:
    returned = desk.signed(seal=seal)
    assert desk.codes(returned) == {CONTENT}
    assert desk.codes(returned, seal=Box(seal.page, seal.left, seal.bottom, seal.right, seal.top)) == set()


def test_a_report_with_annotations_and_a_form_keeps_them(desk: Desk) -> None:
    def annotated(writer: Any) -> None:
        page(writer, 1)["/Annots"] = writer.add_object(generic.ArrayObject([writer.add_object(note())]))

    desk.sent = updated(desk.sent, annotated, another_field)
    result = desk.verify(desk.wish().honest(), seal=BOX)
    assert result.accepted, result.reason()


def test_equal_objects_are_equal_however_they_are_ordered() -> None:
    one = dictionary(A=numbers(1, 2), B=generic.ByteStringObject(b"x"))
    two = dictionary(B=generic.ByteStringObject(b"x"), A=numbers(1, 2))
    assert canon(one) == canon(two)
    assert canon(one) != canon(dictionary(A=numbers(1, 3), B=generic.ByteStringObject(b"x")))
    assert canon(generic.ByteStringObject(b"x")) != canon(pdf_name("/x"))
    deep: Any = numbers(1)
    for _ in range(60):
        deep = generic.ArrayObject([deep])
    with pytest.raises(ValueError, match="deep"):
        canon(deep)
