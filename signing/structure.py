"""Rules 1 to 3 of the gate: the sent bytes, one increment, one signature over all of it (ISO 32000-1, 12.8.1)."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, extract_contents

from engine.message import Finding
from signing.gate import PREFIX, RANGE, REVISION, UNREADABLE

SUB_FILTERS = ("/adbe.pkcs7.detached", "/ETSI.CAdES.detached")
HEX = frozenset(b"0123456789abcdefABCDEF")


@dataclass(frozen=True)
class Pair:
    """The file that was sent and the one that came back, both read; `name` is the new signature field's."""

    sent: bytes
    returned: bytes
    old: Any
    new: Any
    field: Any
    name: str
    signature: EmbeddedPdfSignature


def entry(dictionary: Any, key: str) -> Any:
    """A dictionary's value with its reference followed, or None: pyHanko's own `get` does not follow it."""
    try:
        return dictionary[key]
    except KeyError:
        return None


def check_bytes(sent: bytes, returned: bytes) -> list[Finding]:
    """What can be said without parsing: the prefix, and marks that one increment has exactly once."""
    if not returned.startswith(sent):
        return [Finding(PREFIX, "", "what was sent is not an exact prefix of what came back")]
    added = returned[len(sent) :]
    if not added.strip():
        return [Finding(REVISION, "", "nothing was added: the answer is not signed")]
    findings = [
        Finding(REVISION, mark.decode(), f"what was added holds it {count} times, not once")
        for mark in (b"startxref", b"%%EOF", b"/ByteRange")
        if (count := added.count(mark)) != 1
    ]
    if not returned.rstrip(b"\r\n").endswith(b"%%EOF"):
        findings.append(Finding(REVISION, "%%EOF", "bytes follow the end mark"))
    return findings


def open_pair(sent: bytes, returned: bytes) -> tuple[Pair | None, list[Finding]]:
    """Read both files strictly, and find the one new revision and its one new signature."""
    old, new = PdfFileReader(BytesIO(sent), strict=True), PdfFileReader(BytesIO(returned), strict=True)
    if old.encrypted or new.encrypted:
        return None, [Finding(UNREADABLE, "/Encrypt", "the document is encrypted")]
    findings = check_revision(old, new, len(sent))
    if findings:
        return None, findings
    before = {name for name, _, _ in enumerate_sig_fields(old)}
    fields = list(enumerate_sig_fields(new))
    added = [(name, value, field) for name, value, field in fields if name not in before]
    if len(added) != 1 or len(fields) != len(before) + 1:
        return None, [Finding(REVISION, "/AcroForm/Fields", f"{len(added)} new signature fields, not one")]
    name, value, field = added[0]
    if value is None:
        return None, [Finding(REVISION, "/V", "the new signature field is empty")]
    kind = str(entry(value.get_object(), "/SubFilter"))
    if kind not in SUB_FILTERS:
        return None, [Finding(REVISION, "/SubFilter", "the kind of signature is not one that can be verified")]
    pair = Pair(sent, returned, old, new, field.get_object(), name, EmbeddedPdfSignature(new, field, name))
    return pair, check_range(pair)


def check_revision(old: Any, new: Any, start: int) -> list[Finding]:
    """Exactly one more revision, whose objects all lie in what was added, and that frees nothing."""
    earlier, last = old.xrefs.total_revisions, new.xrefs.total_revisions - 1
    if last != earlier:
        return [Finding(REVISION, "", f"{last + 1 - earlier} new revisions, not one")]
    revisions = range(earlier)
    same = all(old.xrefs.get_startxref_for_revision(n) == new.xrefs.get_startxref_for_revision(n) for n in revisions)
    if not same or new.xrefs.get_startxref_for_revision(last) < start:
        return [Finding(REVISION, "startxref", "the new revision does not continue the one that was sent")]
    data = new.xrefs.get_xref_data(last)
    if data.hybrid is not None:
        return [Finding(REVISION, "/XRefStm", "a hybrid cross-reference hides objects")]
    if set(data.freed) - {0}:
        return [Finding(REVISION, "xref", "the new revision frees objects")]
    offsets = [offset for _, offset in data.standard_xrefs.values()]
    streams = {ref.obj_stream_id for ref in data.xrefs_in_objstm.values()}
    if min(offsets, default=start) < start or streams - set(data.standard_xrefs):
        return [Finding(REVISION, "xref", "the new revision points into what was sent")]
    return []


def check_range(pair: Pair) -> list[Finding]:
    """The ByteRange starts at 0, leaves out exactly the hex string of /Contents, and ends at the end of the file."""
    data, signature = pair.returned, pair.signature
    numbers = [int(number) for number in signature.byte_range]
    if len(numbers) != 4:
        return [Finding(RANGE, "/ByteRange", f"{len(numbers)} numbers, not four")]
    start, length, second, rest = numbers
    if start != 0 or min(numbers) < 0:
        return [Finding(RANGE, "/ByteRange", "it does not start at 0")]
    if second + rest != len(data):
        return [Finding(RANGE, "/ByteRange", "it does not end at the end of the file")]
    gap = data[length:second]
    if length < len(pair.sent) or len(gap) < 4 or not data[:length].rstrip().endswith(b"/Contents"):
        return [Finding(RANGE, "/ByteRange", "its gap is not the signature's /Contents")]
    if not (gap.startswith(b"<") and gap.endswith(b">")) or set(gap[1:-1]) - HEX:
        return [Finding(RANGE, "/ByteRange", "its gap is not exactly a hex string")]
    contents = extract_contents(signature.sig_object)
    if contents != bytes.fromhex(gap[1:-1].decode()):
        return [Finding(RANGE, "/Contents", "the signature that is read is not the one in the gap")]
    if contents[_der_length(contents) :].strip(b"\0"):
        return [Finding(RANGE, "/Contents", "bytes follow the signature inside /Contents")]
    return []


def _der_length(data: bytes) -> int:
    """The length of the outermost DER value with its header (X.690, 8.1.3); BER's indefinite form is refused."""
    if data[:1] != b"\x30" or data[1] == 0x80:
        return 0
    if data[1] < 0x80:
        return 2 + data[1]
    count = data[1] & 0x7F
    return 2 + count + int.from_bytes(data[2 : 2 + count], "big")
