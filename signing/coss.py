"""The COSS style of signing interface: the physician confirms the whole PDF on the phone.

No operation finds a job by a key of ours: an unanswered `addPdfSignJob` stays unknown until the provider's job has
expired, and only then a new generation begins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.message import Blob, Refused
from engine.transform.pdf import Box
from signing.provider import (
    ANSWER,
    REFUSAL,
    Begun,
    Cancelled,
    Capabilities,
    Declined,
    Expired,
    Failed,
    Pending,
    Polled,
    ProviderRequest,
    Returned,
    Signer,
    SignJob,
    Steps,
)

PDF_VERSION = "2.0.9"
"""Version of the interface's PDF operations; the connection's own is for the others."""
WORDS: Mapping[str, type[Pending | Declined | Expired | Cancelled]] = {
    "WAIT": Pending,
    "WAITING": Pending,
    "INIT": Pending,
    "DOING": Pending,
    "REFUSE": Declined,
    "REFUSED": Declined,
    "REJECT": Declined,
    "EXPIRE": Expired,
    "EXPIRED": Expired,
    "TIMEOUT": Expired,
    "CANCEL": Cancelled,
    "CANCELED": Cancelled,
    "CANCELLED": Cancelled,
}
"""What `jobStatus` says besides FINISH; sites differ in the words."""
FINISH = "FINISH"


@dataclass(frozen=True, slots=True)
class Coss:
    """The provider. call_back: an address that the provider may call; polling goes on without it."""

    call_back: str = ""
    seal_type: str = "BJCA_SM2"
    document: str = "composePdf"
    max_size: int = 40 * 1024 * 1024

    @property
    def capabilities(self) -> Capabilities:
        """The physician confirms on the phone; a lost begin cannot be asked for."""
        return Capabilities(asks_person=True, cancels=True, finds=False, max_size=self.max_size)

    def resolve_signer(self, staff_number: str) -> Steps[Signer | Failed]:
        """Ask for the interface's userId of a staff number."""
        answer = yield from _ask("queryUserInfo", {"uniqueId": staff_number})
        if isinstance(answer, Failed):
            return answer
        user = _text(answer, "userId")
        return Signer(user) if user else Failed(ANSWER, "queryUserInfo: no userId")

    def begin(self, job: SignJob, pdf: Blob) -> Steps[Begun | Failed]:
        """Hand the PDF in. Asks for the signer first when the job does not name it."""
        if pdf.size > self.max_size:
            return Failed(REFUSAL, f"the report is larger than {self.max_size} bytes")
        signer = job.signer
        if not signer:
            found = yield from self.resolve_signer(job.owner_staff_number)
            if isinstance(found, Failed):
                return found
            signer = found.user_id
        answer = yield from _ask("addPdfSignJob", self._job_fields(job, signer, pdf))
        if isinstance(answer, Failed):
            return answer
        reference = _text(answer, "signDataId")
        if not reference:
            return Failed(ANSWER, "addPdfSignJob: no signDataId")
        return Begun(reference, job.minutes * 60.0)

    def poll(self, job: SignJob) -> Steps[Polled]:
        """Ask what became of the job."""
        answer = yield from _ask("getSignResult", {"signDataId": job.reference})
        if isinstance(answer, Failed):
            return answer
        word = _text(answer, "jobStatus").upper()
        if word == FINISH:
            pdf = answer.get(self.document)
            if not isinstance(pdf, Blob):
                return Failed(ANSWER, f"getSignResult: finished without {self.document}")
            return Returned(pdf, _text(answer, "cert"))
        if word in WORDS:
            return WORDS[word]()
        shown = re.sub(r"[^A-Z0-9_]", "?", word)[:20] or "none"
        return Failed(ANSWER, f"getSignResult: unknown jobStatus {shown}", retry=True)

    def cancel(self, job: SignJob) -> Steps[Cancelled | Failed]:
        """Take the job back; `Failed` when the physician was faster, or the provider cannot."""
        answer = yield from _ask("cancelSignJob", {"signDataId": job.reference})
        return answer if isinstance(answer, Failed) else Cancelled()

    def _job_fields(self, job: SignJob, signer: str, pdf: Blob) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "version": PDF_VERSION,
            "userId": signer,
            "title": job.title,
            "expiryDate": job.minutes,
            "pdfFileStr": pdf,
            "requireTss": "N",
        }
        if self.call_back:
            fields["callBackUrl"] = self.call_back
        if job.seal is not None:
            fields |= _seal_fields(job.seal, self.seal_type)
        return fields


def _seal_fields(seal: Box, seal_type: str) -> dict[str, Any]:
    """Whole points, inside the asked rectangle."""
    left, bottom = -int(-seal.left // 1), -int(-seal.bottom // 1)
    right, top = int(seal.right), int(seal.top)
    rule = {"top": top, "right": right, "bottom": bottom, "left": left, "pageNo": seal.page}
    size = {"signWidth": right - left, "signHeight": top - bottom}
    return {"signSealType": seal_type, "coordOfRuleInfo": rule} | size


def _ask(operation: str, fields: dict[str, Any]) -> Steps[dict[str, Any] | Failed]:
    try:
        answer = yield ProviderRequest(operation, {"fields": fields})
    except Refused as refused:
        return Failed(refused.code, refused.reason)
    return answer if isinstance(answer, dict) else Failed(ANSWER, f"{operation}: the answer has no data")


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    return value if isinstance(value, str) else ""
