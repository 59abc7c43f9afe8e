"""How the CA simulator signs a PDF, honestly or, for the acceptance gate's tests, in one of the hostile ways."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import PdfContent, RawContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter, copy_into_new_writer
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from simulators.ca_keys import Authority, Identity
from simulators.report import report_bytes

DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha1": hashes.SHA1(),  # noqa: S303 (for a signature that the gate must refuse)
}


@dataclass(frozen=True)
class Seal:
    """Where the visible seal goes: page from 1, points from the page's lower left corner."""

    page: int
    left: int
    bottom: int
    right: int
    top: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.left, self.bottom, self.right, self.top


class CachedSigner(signers.SimpleSigner):
    """Signs with a key that is loaded once; re-reading an RSA key at each signature costs 110 ms."""

    def __init__(self, identity: Identity) -> None:
        self._private = identity.key
        der = serialization.Encoding.DER
        key = identity.key.private_bytes(der, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        registry = SimpleCertificateStore()
        registry.register(_asn1(identity.issuer.public_bytes(der)))
        super().__init__(
            signing_cert=_asn1(identity.certificate.public_bytes(der)),
            signing_key=asn1_keys.PrivateKeyInfo.load(key),
            cert_registry=registry,
        )

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        algorithm = DIGESTS[digest_algorithm]
        if isinstance(self._private, rsa.RSAPrivateKey):
            return self._private.sign(data, padding.PKCS1v15(), algorithm)
        assert isinstance(self._private, ec.EllipticCurvePrivateKey)
        return self._private.sign(data, ec.ECDSA(algorithm))


@lru_cache(maxsize=64)
def _signer(identity: Identity) -> CachedSigner:
    return CachedSigner(identity)


def _asn1(der: bytes) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(der)


def sign(
    pdf: bytes,
    identity: Identity,
    seal: Seal | None,
    field: str = "Physician1",
    digest: str = "sha256",
    prepare: Callable[[IncrementalPdfFileWriter], None] | None = None,
) -> bytes:
    """The PDF with one signature, as an incremental update. prepare: changes made in the same increment."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    if prepare is not None:
        prepare(writer)
    spec = SigFieldSpec(field, on_page=seal.page - 1 if seal else 0, box=seal.box if seal else None)
    metadata = signers.PdfSignatureMetadata(field_name=field, md_algorithm=digest, reason="Report confirmed")
    style = _seal_style(seal) if seal else None
    signer = signers.PdfSigner(metadata, _signer(identity), stamp_style=style, new_field_spec=spec)
    out = BytesIO()
    signer.sign_pdf(writer, output=out)
    return out.getvalue()


def _seal_style(seal: Seal) -> StaticStampStyle:
    """A red ring with a star: drawn, so no font is loaded."""
    width, height = seal.right - seal.left, seal.top - seal.bottom
    return StaticStampStyle(background=_ring(width, height), border_width=0, background_opacity=0.8)


def _ring(width: int, height: int) -> PdfContent:
    radius = min(width, height) / 2 - 2
    x, y, k = width / 2, height / 2, radius * 0.5523
    ring = (
        f"q 0.8 0.1 0.1 RG 0.8 0.1 0.1 rg 2 w {x + radius} {y} m "
        f"{x + radius} {y + k} {x + k} {y + radius} {x} {y + radius} c "
        f"{x - k} {y + radius} {x - radius} {y + k} {x - radius} {y} c "
        f"{x - radius} {y - k} {x - k} {y - radius} {x} {y - radius} c "
        f"{x + k} {y - radius} {x + radius} {y - k} {x + radius} {y} c s "
    )
    points = ((0, 1), (0.59, -0.81), (-0.95, 0.31), (0.95, 0.31), (-0.59, -0.81))
    star = " ".join(
        f"{x + px * radius * 0.5:.2f} {y + py * radius * 0.5:.2f} {'m' if index == 0 else 'l'}"
        for index, (px, py) in enumerate(points)
    )
    return RawContent(f"{ring} {star} f Q".encode(), box=BoxConstraints(width=width, height=height))


@dataclass(frozen=True)
class Wish:
    """One signature as it was asked for, and who is there to sign."""

    pdf: bytes
    authority: Authority
    user_id: str
    seal: Seal | None

    def honest(self) -> bytes:
        return sign(self.pdf, self.authority.signer(self.user_id), self.seal)


def _annotate(wish: Wish) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(wish.honest()))
    note = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/FreeText"),
            generic.pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (100, 500, 300, 540))),
            generic.pdf_name("/Contents"): generic.pdf_string("added after signing"),
            generic.pdf_name("/DA"): generic.pdf_string("/Helv 12 Tf 0 g"),
        }
    )
    writer.register_annotation(writer.find_page_for_modification(0)[0], writer.add_object(note))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _rewrite(wish: Wish) -> bytes:
    writer: PdfFileWriter = copy_into_new_writer(PdfFileReader(BytesIO(wish.pdf)))
    out = BytesIO()
    writer.write(out)
    return replace(wish, pdf=out.getvalue()).honest()


def _change_inside(wish: Wish) -> bytes:
    def overdraw(writer: IncrementalPdfFileWriter) -> None:
        reference = writer.find_page_for_modification(0)[0]
        page = reference.get_object()
        extra = generic.StreamObject(stream_data=b"q 1 0 0 rg 60 600 200 40 re f Q")
        contents = page.raw_get("/Contents")
        old = list(contents) if isinstance(contents, generic.ArrayObject) else [contents]
        page["/Contents"] = generic.ArrayObject([*old, writer.add_object(extra)])
        writer.mark_update(reference)

    return sign(wish.pdf, wish.authority.signer(wish.user_id), wish.seal, prepare=overdraw)


def _untrusted(wish: Wish) -> bytes:
    other = Authority(wish.authority.folder / "untrusted", wish.authority.algorithm)
    return sign(wish.pdf, other.signer(wish.user_id), wish.seal)


def _other_pdf(wish: Wish) -> bytes:
    pages = wish.seal.page if wish.seal else 1
    return replace(wish, pdf=report_bytes("999||1", "another patient", "ANS", pages)).honest()


def _two_signatures(wish: Wish) -> bytes:
    return sign(wish.honest(), wish.authority.signer(wish.user_id), None, field="Physician2")


HOSTILE: dict[str, Callable[[Wish], bytes]] = {
    "append": lambda wish: wish.honest() + b"\n% appended after signing\n",
    "annotate": _annotate,
    "rewrite": _rewrite,
    "wrong-user": lambda wish: sign(wish.pdf, wish.authority.signer("U-OTHER"), wish.seal),
    "other-pdf": _other_pdf,
    "expired-cert": lambda wish: sign(wish.pdf, wish.authority.signer(wish.user_id, expired=True), wish.seal),
    "untrusted": _untrusted,
    "truncated": lambda wish: wish.honest()[:-200],
    "unsigned": lambda wish: wish.pdf,
    "two-signatures": _two_signatures,
    "changed-inside": _change_inside,
    "garbage": lambda wish: os.urandom(5000),
}
"""Ways to return something that the gate must refuse."""


def produce(wish: Wish, hostile: str = "") -> bytes:
    """What the CA returns for this wish. hostile: a key of HOSTILE, or empty for an honest signature."""
    return HOSTILE[hostile](wish) if hostile else wish.honest()
