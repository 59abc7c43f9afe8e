"""Where the daemon is killed on the site of `verbs_site`: for each verb, in each of its kinds, each point it passes."""

from __future__ import annotations

from dataclasses import dataclass

from tests.crash.points import EFFECT

COMPUTES = ("before", "performed")
SETTLES = ("before", "performed", "settled")
WAITS = ("before", "settled", "performed:2")
"""A wait is performed when it begins, and once more when what it waits for has come."""

STEPS: dict[str, dict[str, tuple[str, ...]]] = {
    "kinds": {
        "parts": SETTLES, "checked": COMPUTES, "styled": COMPUTES, "mapped": COMPUTES, "plugged": COMPUTES,
        "named": COMPUTES, "chosen": COMPUTES, "sent": EFFECT, "nobody": SETTLES, "last": SETTLES,
        "by_tell": ("before_intended", "called"),
    },
    "lab": {"lab_out": EFFECT, "lab_done": SETTLES},
    "waits": {
        "file": WAITS, "poll": WAITS, "pause": WAITS, "person": WAITS, "woken": WAITS, "wake": SETTLES,
        "rename": SETTLES,
    },
    "cancels": {"cancel": SETTLES},
    "done": {"finished": ("intended", "called", "settled")},
    "fails": {"refused": SETTLES, "given_up": ("performed", "settled", "before:2")},
}  # fmt: skip

OTHERS: dict[str, tuple[str, ...]] = {
    "kinds": (
        "accept.arrived", "accept.before_commit", "accept.after_commit", "channel.http_in.before_answer",
        "channel.http_out.before_send", "channel.http_out.after_answer", "writer.before_commit:3",
        "writer.after_commit:3",
    ),
    "lab": (
        "accept.before_commit", "accept.after_commit", "channel.mllp_in.before_answer",
        "channel.mllp_out.before_send", "channel.mllp_out.after_answer",
    ),
    "waits": ("file.taken", "folder.after_blob", "folder.before_move", "folder.after_move", "folder.after_make"),
    "fails": ("channel.smtp_out.before_send", "channel.smtp_out.after_answer"),
    "done": ("accept.before_commit", "accept.after_commit", "channel.http_in.before_answer"),
}  # fmt: skip

SENT = {"channel.http_out.after_answer"} | {
    f"step.{step}.{point}" for step in ("sent", "by_tell", "finished") for point in ("called", "performed")
}
"""Killed at these points of a call, the peer has had the request: it comes again, with the same key."""

BESIDE = {
    "accept.after_commit", "channel.http_in.before_answer", "channel.mllp_in.before_answer", "writer.before_commit",
    "writer.after_commit",
}  # fmt: skip
"""Points of the sender's side, which the message's own run may have left behind: its call may be under way."""

DOUBT = {
    "step.lab_out.intended": "again",
    "channel.mllp_out.before_send": "again",
    "channel.mllp_out.after_answer": "arrived",
    "channel.smtp_out.before_send": "again",
    "channel.smtp_out.after_answer": "arrived",
    "step.lab_out.called": "arrived",
    "step.lab_out.performed": "arrived",
}
"""Killed here nobody knows whether the lab, or the mail server, has it: what a person who looks there says."""


@dataclass(frozen=True)
class Case:
    """One message of a kind, with a kill at a point."""

    kind: str
    point: str

    @property
    def doubt(self) -> list[str]:
        return [DOUBT[self.point]] if self.point in DOUBT else []

    @property
    def sent(self) -> bool:
        """Whether a request that is harmless to repeat had reached its peer."""
        return self.point in SENT


def cases() -> list[Case]:
    steps = [Case(kind, f"step.{step}.{point}") for kind, steps in STEPS.items() for step, points in steps.items()
             for point in points]  # fmt: skip
    return steps + [Case(kind, point) for kind, points in OTHERS.items() for point in points]


def passed() -> set[str]:
    """The points without their step and their number."""
    plain = {case.point.partition(":")[0] for case in cases()}
    return {f"step.{{}}.{name.rpartition('.')[2]}" if name.startswith("step.") else name for name in plain}
