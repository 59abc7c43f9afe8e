"""What a step's `perform` may answer, and a run as the dispatcher holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.frozen import frozen
from engine.message import Value

NOTHING = object()
"""A step that leaves no value."""


@dataclass(slots=True)
class Run:
    """A claimed run: the columns that its steps need. Times are UTC milliseconds."""

    seq: int
    id: str
    message_id: str
    parent: int | None
    root: int
    child_key: str | None
    route: str
    revision: str
    status: str | None
    step: str
    generation: int
    attempts: int
    first_try_at: int | None
    created_at: int
    suspect: int = 0  # in how many ends of the engine in a row it was at work; see `engine.runtime.recovery`
    fresh: bool = False  # in memory since it was created: it never waited, failed, or was claimed again
    ordered: bool = False  # it holds an order key

    def at_step(self, step: str, status: str | None, now: int) -> Run:
        """The same run at another step, before its first attempt."""
        return Run(
            self.seq, self.id, self.message_id, self.parent, self.root, self.child_key, self.route, self.revision,
            status, step, self.generation, 1, now, self.created_at, self.suspect, self.fresh, self.ordered,
        )  # fmt: skip


@frozen
class EffectEnd:
    """How an effect ended; written in the same commit as the step's outcome."""

    key: str
    state: str  # done, refused, unavailable, doubt
    code: str = ""
    reason: str = ""


@frozen
class Next:
    """The step is done: its value (kept under `into`), further values and labels, and the effects that ended."""

    value: Any = NOTHING
    values: dict[str, Value] = field(default_factory=dict, repr=False)
    labels: dict[str, str] = field(default_factory=dict, repr=False)
    effects: tuple[EffectEnd, ...] = ()
    note: str = ""


@frozen
class FileWait:
    connection: str
    folder: str
    pattern: str
    any_kind: bool = False  # also a file that is not of the kind that the channel expects
    after: int | None = None  # ms: only a file first seen later is taken by itself (a wait armed anew)


@frozen
class SignWait:
    """What the signing queue shows while a physician is waited for; `match` is JSON of ids, no patient data."""

    match: dict[str, Any]


@frozen
class SignalWait:
    """Wait for a run that the signal is for; registered together with looking for it."""

    match: dict[str, Any]
    keys: tuple[str, ...]


@frozen
class PlainWait:
    """Kept in sight until its time comes, a person answers, or a signal wakes it.

    kind: `time`, `person` or `wake`. match: JSON for screens, no patient data. ask: an entry in Attention.
    """

    kind: str
    match: dict[str, Any] = field(default_factory=dict)
    ask: str = ""


@frozen
class PauseWait:
    """Wait until an operator opens this connection again; nothing is counted meanwhile."""

    connection: str


@frozen
class Wait:
    """Not yet. due_at: when to perform the step again (ms; None: only when something wakes it)."""

    waits_for: str
    due_at: int | None = None
    until_at: int | None = None
    registered: FileWait | SignWait | SignalWait | PlainWait | PauseWait | None = None
    effects: tuple[EffectEnd, ...] = ()
    code: str = ""
    note: str = ""


@frozen
class Jump:
    """Go to another step. Backwards raises the generation: effects after it are new ones."""

    step: str
    reason: str
    effects: tuple[EffectEnd, ...] = ()


@frozen
class Child:
    part: Value = field(repr=False)
    key: str | None = field(default=None, repr=False)
    digest: str = ""
    labels: dict[str, str] = field(default_factory=dict, repr=False)
    blob: str | None = None  # of the part, when it is too large to be kept in its row
    order: str = field(default="", repr=False)  # the text of its order key


@frozen
class Split:
    """Each part becomes a run of its own, from the next step on; `meta` is the message's."""

    children: tuple[Child, ...]
    meta: Value = None


@frozen
class Stop:
    """The run ends or is held: state is filtered, held, dead or cancelled; `kind` names it in Attention."""

    state: str
    code: str
    reason: str
    kind: str = ""
    effects: tuple[EffectEnd, ...] = ()


Outcome = Next | Wait | Jump | Split | Stop
