"""Where the daemon is killed while a batch goes from the scanner to the HIS: each point of capture, desk, filing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Way = Literal["folder", "upload", "bad", "refused", "version", "repair", "merge"]
Kind = Literal["person", "repeat"]
"""Of HIS: it does not know a repeat, and a person says what became of a message in doubt; or it knows it."""

POINTS: dict[Way, tuple[str, ...]] = {
    "folder": (
        "capture.before_claim", "capture.before_claim:3", "capture.after_claim", "capture.after_claim:2",
        "capture.unpacked", "capture.unpacked:2", "capture.looked", "capture.looked:3", "capture.ready",
        "capture.ready:2", "capture.joined", "capture.joined:2", "capture.joined:4", "capture.before_done",
        "capture.before_done:2", "capture.after_done", "capture.read", "capture.text_kept", "desk.act", "desk.act:2",
        "desk.assign", "desk.close", "file.made", "file.made:2", "file.durable", "file.document", "file.before_commit",
        "file.committed", "file.committed:2", "file.handed", "file.hand_marked", "file.searchable_made",
        "file.searchable_durable", "file.searchable_done",
    ),
    "upload": ("capture.piece_written", "capture.upload_kept", "capture.upload_done"),
    "bad": ("capture.failed",),
    "refused": ("capture.before_error",),
    "version": ("file.version",),
    "repair": ("desk.repair", "desk.repaired"),
    "merge": ("desk.merge",),
}  # fmt: skip
"""By what is done with the batch: it comes by the folder or the upload door, a file of it is damaged, one beside it is
none of ours, a document gets a new version, goes to another patient, or its patient is merged. `:2`: at the second
passing."""


@dataclass(frozen=True)
class Case:
    """One small batch, with a kill at a point."""

    way: Way
    point: str
    kind: Kind

    @property
    def name(self) -> str:
        return f"{self.way}-{self.point}-{self.kind}"


def cases() -> list[Case]:
    """The two kinds of HIS in turn."""
    named = [(way, point) for way, points in POINTS.items() for point in points]
    return [Case(way, point, "person" if n % 2 else "repeat") for n, (way, point) in enumerate(named)]


def passed() -> set[str]:
    """The points without their number."""
    return {case.point.partition(":")[0] for case in cases()}
