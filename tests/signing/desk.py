"""What the gate's tests stand on: a report, a CA, a policy, and one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from engine.transform.pdf import Box
from signing.gate import GatePolicy, GateResult, verify
from simulators.ca_keys import Authority, Identity
from simulators.ca_sign import Seal, Wish, sign
from simulators.report import report_bytes

USER = "U-D9001"
SEAL = Seal(page=2, left=360, bottom=120, right=445, top=160)
BOX = Box(2, 360, 120, 445, 160)
MINUTE = timedelta(minutes=1)


@lru_cache(maxsize=4)
def report(pages: int = 2) -> bytes:
    """The device's report."""
    return report_bytes("175||3125", "invented", "ANS", pages)


class Desk:
    """One folder with a CA, the file that was sent and the one that came back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder / "ca", "ecdsa")
        self.sent = report()
        now = datetime.now(UTC)
        self.policy = GatePolicy((str(self.authority.root_pem),), USER, now - MINUTE, now + MINUTE, seal=BOX)

    @property
    def returned_path(self) -> Path:
        return self.folder / "returned.pdf"

    def wish(self, seal: Seal | None = SEAL) -> Wish:
        return Wish(self.sent, self.authority, USER, seal)

    def signed(
        self,
        prepare: Callable[[IncrementalPdfFileWriter], None] | None = None,
        identity: Identity | None = None,
        seal: Seal | None = SEAL,
        digest: str = "sha256",
    ) -> bytes:
        """A signature by hand: with changes in the same increment, or another certificate."""
        signer = identity or self.authority.signer(USER)
        return sign(self.sent, signer, seal, digest=digest, prepare=prepare)

    def verify(self, returned: bytes, **policy: Any) -> GateResult:
        sent = self.folder / "sent.pdf"
        sent.write_bytes(self.sent)
        self.returned_path.write_bytes(returned)
        return verify(str(sent), str(self.returned_path), replace(self.policy, **policy))

    def codes(self, returned: bytes, **policy: Any) -> set[str]:
        """The codes of what the gate finds; a refusal has at least one."""
        result = self.verify(returned, **policy)
        assert result.accepted == (not result.findings)
        return {finding.code for finding in result.findings}
