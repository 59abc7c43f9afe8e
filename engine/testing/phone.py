"""The provider of signatures in a test: a phone that is asked, and a physician who does what the test says.

The steps, jobs and states of signing are the real ones, up to the acceptance gate: since nothing in a test is really
signed, its verdict is the test's word, too.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.message import Blob, Finding, Refused, Request, Value

BROKEN = Finding("WB-4004", "", "the test says that the signature does not hold")
STATUS: Mapping[str, str] = {"refused": "REFUSE", "expired": "EXPIRED", "": "WAIT"}


@dataclass(frozen=True)
class SignedBy:
    """As the gate tells who signed."""

    algorithm: str = "test"
    signed_at: None = None


@dataclass(frozen=True)
class Verdict:
    """As the gate answers."""

    accepted: bool
    findings: tuple[Finding, ...]
    returned_sha256: str
    returned_size: int
    signer: SignedBy | None = SignedBy()


@dataclass
class Job:
    """A job that the provider has. answer: what the physician did, empty so long as nothing."""

    reference: str
    document: Blob
    answer: str = ""
    signed: Blob | None = None


@dataclass
class Phone:
    """Outlives the engine, as a provider does. `call` is its interface of the COSS style."""

    jobs: dict[str, Job] = field(default_factory=dict)
    _number: Any = field(default_factory=lambda: itertools.count(1))

    def call(self, request: Request) -> Value:
        """The answer's `data`."""
        fields = request.arguments.get("fields", {})
        if request.operation == "queryUserInfo":
            return {"userId": f"U-{fields.get('uniqueId', '')}"}
        if request.operation == "addPdfSignJob":
            job = Job(f"job-{next(self._number)}", fields["pdfFileStr"])
            self.jobs[job.reference] = job
            return {"signDataId": job.reference}
        found = self.jobs.get(str(fields.get("signDataId")))
        if found is None:
            raise Refused("WB-3003", "the provider knows no such job")
        if request.operation == "cancelSignJob":
            found.answer = found.answer or "expired"
            return {}
        if found.answer in ("accepted", "broken"):
            return {"jobStatus": "FINISH", "composePdf": found.signed or found.document}
        return {"jobStatus": STATUS[found.answer]}

    def says(self, reference: str, answer: str, signed: Blob | None) -> None:
        """The physician's thumb."""
        self.jobs[reference].answer, self.jobs[reference].signed = answer, signed

    def verdict(self, returned: str, size: int) -> Verdict:
        """Of the gate, on a document that came back."""
        broken = any(
            job.answer == "broken" and (job.signed or job.document).sha256 == returned for job in self.jobs.values()
        )
        return Verdict(not broken, (BROKEN,) if broken else (), returned, size)
