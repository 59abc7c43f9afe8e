"""Where the daemon is killed: every named point of the code, and what a person has to do after it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.crash.plant import Kind

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("engine", "channels", "signing", "records", "web/api")

COMPUTES = ("before", "performed")
"""What only computes is written with the next commit: it has no `settled`."""
CHECKPOINT = (*COMPUTES, "settled")
EFFECT = ("before", "before_intended", "intended", "called", "performed", "settled")

STEPS: dict[str, tuple[str, ...]] = {
    "each_order": CHECKPOINT,
    "demographics": EFFECT,
    "patient": CHECKPOINT,
    "name": COMPUTES,
    "order": COMPUTES,
    "device_row": EFFECT,
    "device_folder": EFFECT,
    "report": CHECKPOINT,
    "signed": CHECKPOINT,
    "send_back": EFFECT,
    "keep": EFFECT,
}
"""The steps of exam_report, with the points that each passes."""

EARLY, LATE = ("each_order", "demographics", "patient", "name", "order"), ("device_folder", "report", "signed", "keep")
"""Points of these steps are passed by the same order, one after the other: two kills for one order."""

AGAIN = {
    "report": (2,),  # 1: the wait begins, 2: the file was taken
    "signed": (2, 3),  # 1: the queue, 2: the job is handed in, 3: asked how it ended, or judged
}
"""Further passings of the points of a step that is performed more than once."""

OTHERS: dict[str, tuple[int, ...]] = {
    "accept.arrived": (1,),
    "accept.before_commit": (1,),
    "accept.after_commit": (1,),
    "channel.soap_in.before_answer": (1,),
    "writer.before_commit": (1, 4, 9, 16),
    "writer.after_commit": (2, 6, 12),
    "blob.before_rename": (1, 2),  # the device's report, the signed report
    "access.before_commit": (1,),
    "access.after_commit": (1,),
    "folder.before_make": (1,),
    "folder.after_make": (1,),
    "folder.after_blob": (1,),
    "file.taken": (1,),
    "folder.before_move": (1,),
    "folder.after_move": (1,),
    "act.committed": (1,),
    "sign.submitted": (1,),
    "channel.coss.before_send": (1, 2, 3),  # who is it, sign this, how did it end
    "channel.coss.after_answer": (1, 2, 3),
    "sign.handed_in": (1,),
    "sign.waiting": (1,),
    "sign.returned": (1,),
    "sign.answer_kept": (1,),
    "sign.verified": (1,),
    "sign.delivered": (1,),
    "channel.soap_out.before_send": (1,),
    "channel.soap_out.after_answer": (1,),
}
"""Every other point, with the passings at which the daemon is killed."""

TWICE = {
    "start.recovered": "step.device_row.called",
    "step.signed.before": "sign.returned",
    "step.device_folder.intended": "folder.before_make",
}
"""Killed once more while it recovers: the second point, after the first."""

DOUBT = {
    "step.send_back.intended": "again",
    "channel.soap_out.before_send": "again",
    "channel.soap_out.after_answer": "arrived",
    "step.send_back.called": "arrived",
    "step.send_back.performed": "arrived",
}
"""Killed here, nobody knows whether the HIS has the report: what a person who looks there answers."""

LOST = {"sign.submitted", "channel.coss.before_send:2", "channel.coss.after_answer:2", "sign.handed_in"}
"""Killed here, nobody knows whether the CA has the job: the physician takes it back and signs again."""


@dataclass(frozen=True)
class Case:
    """Points at which the daemon is killed in turn while one order goes through."""

    points: tuple[str, ...]
    kind: Kind

    @property
    def name(self) -> str:
        return f"{'+'.join(self.points)}-{self.kind}"

    @property
    def doubt(self) -> str:
        return DOUBT.get(self.points[0], "") if self.kind == "person" else ""


def cases() -> list[Case]:
    """Each point once, the two kinds of HIS in turn; those around the send with both."""
    made: list[Case] = []
    for points in _single() + [(first, second) for second, first in TWICE.items()]:
        if points[0] in DOUBT or points[0].startswith("step.send_back."):
            made += [Case(points, "person"), Case(points, "repeat")]
        else:
            made.append(Case(points, "person" if len(made) % 2 else "repeat"))
    return made


def _single() -> list[tuple[str, ...]]:
    pairs = list(zip(_of(EARLY), _of(LATE), strict=False))
    paired = {name for pair in pairs for name in pair}
    named = [name for name in _of(STEPS) if name not in paired]
    named += [f"step.{step}.{point}:{nth}" for step, more in AGAIN.items() for nth in more for point in STEPS[step]]
    named += [name if nth == 1 else f"{name}:{nth}" for name, more in OTHERS.items() for nth in more]
    return [*pairs, *((name,) for name in named)]


def _of(steps: Iterable[str]) -> list[str]:
    return [f"step.{step}.{point}" for step in steps for point in STEPS[step]]


def in_the_code() -> Iterator[str]:
    """Every point that the code passes; `{}` where a name is put in."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "point":
                    yield _text(node.args[0])


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    assert isinstance(node, ast.Constant), "a point's name is written where it is passed"
    return str(node.value)
