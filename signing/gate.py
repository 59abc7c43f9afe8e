"""The acceptance gate: the only one that may call a report signed.

`verify` is a pure function of two files and a policy; it runs in a heavy worker process. It answers with every rule
that was broken, by number; nothing that it could not read is accepted.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from engine.message import Finding
from engine.transform.pdf import BROKEN, Box

PREFIX = "WB-4001"
"""Rule 1: what was sent is not an exact prefix of what came back."""
REVISION = "WB-4002"
"""Rule 2: not exactly one new revision with exactly one new signature."""
RANGE = "WB-4003"
"""Rule 3: the ByteRange does not cover the whole file but the signature's own hex string."""
CRYPTO = "WB-4004"
"""Rule 4: the cryptography does not hold, or its algorithm is not on the list."""
CHAIN = "WB-4005"
"""Rule 5: chain, key usage, validity or revocation at signing time."""
OWNER = "WB-4006"
"""Rule 6: the certificate is not the one that is registered for this physician."""
CONTENT = "WB-4007"
"""Rule 7: pages or content changed, or the seal is not where it was asked for."""
TIME = "WB-4008"
"""Rule 8: the signing time is outside the job's window."""
LIMIT = "WB-4009"
"""Rule 9: too large or too many pages."""
UNREADABLE = "WB-4010"
"""The answer cannot be read as a PDF, so nothing can be said for it."""

ALGORITHMS = tuple(f"sha{bits}-{kind}" for bits in (256, 384, 512) for kind in ("rsa", "rsa-pss", "ecdsa"))
IDENTIFIER = "1.2.156.112562.2.1.10.2"
"""The certificate extension that carries the interface's userId."""


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """What the gate asks for.

    trust: PEM files of the configured CA. expected: the identifier registered for the physician. start, end: the
    job's window, aware. seal: where the seal was asked for; None: its place is not checked. skew: seconds that the
    CA's clock may differ. crls: PEM or DER files; with any, a certificate without revocation status is refused.
    """

    trust: tuple[str, ...]
    expected: str = field(repr=False)
    start: datetime
    end: datetime
    identifier_oid: str = IDENTIFIER
    algorithms: tuple[str, ...] = ALGORITHMS
    max_size: int = 64 * 1024 * 1024
    max_pages: int = 200
    seal: Box | None = None
    skew: float = 300.0
    crls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignerFacts:
    """What the signature says of itself. subject and identifier are for screens, never for logs."""

    serial: str = ""
    identifier: str = field(default="", repr=False)
    subject: str = field(default="", repr=False)
    issuer: str = ""
    signed_at: datetime | None = None
    algorithm: str = ""
    revocation_checked: bool = False


@dataclass(frozen=True, slots=True)
class GateResult:
    """`accepted` is true only when there is no finding. The sums are of the two files as they were read."""

    accepted: bool
    findings: tuple[Finding, ...]
    sent_sha256: str = ""
    returned_sha256: str = ""
    returned_size: int = 0
    signer: SignerFacts | None = None

    def reason(self) -> str:
        """The findings in one line, without any value of the documents."""
        return "; ".join(finding.line() for finding in self.findings)


def verify(sent_path: str, returned_path: str, policy: GatePolicy) -> GateResult:
    """Compare what came back with what was sent, rule by rule."""
    size = Path(returned_path).stat().st_size
    if size > policy.max_size:
        large = Finding(LIMIT, "", f"the answer is larger than {policy.max_size} bytes")
        return GateResult(False, (large,), returned_size=size)
    sent, returned = Path(sent_path).read_bytes(), Path(returned_path).read_bytes()
    findings, signer = _examine(sent, returned, policy)
    sums = hashlib.sha256(sent).hexdigest(), hashlib.sha256(returned).hexdigest()
    return GateResult(not findings, tuple(findings), *sums, len(returned), signer)


def _examine(sent: bytes, returned: bytes, policy: GatePolicy) -> tuple[list[Finding], SignerFacts | None]:
    # pyHanko takes 150 ms to import: only a worker that verifies pays
    from pyhanko.pdf_utils.misc import PdfError

    from signing.certificate import check_signature
    from signing.content import check_content
    from signing.structure import check_bytes, open_pair

    # its log lines name the physician
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    findings = check_bytes(sent, returned)
    if findings:
        # the answer is not our file with one increment: what it says beyond that is of no interest
        return findings, None
    try:
        pair, findings = open_pair(sent, returned)
        if pair is None:
            return findings, None
        trouble, signer = check_signature(pair, policy)
        findings = [*findings, *trouble, *check_content(pair, policy)]
    except (PdfError, *BROKEN) as error:
        findings.append(Finding(UNREADABLE, "", f"the answer cannot be read ({type(error).__name__})"))
        return findings, None
    return findings, signer
