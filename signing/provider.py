"""A signing provider as a conversation: it says what to ask next and reads the answers, and does no I/O itself.

Each operation is a generator: it yields `ProviderRequest`s, is sent the answer's value, and returns its outcome.
`engine/steps/sign.py` carries the requests through the named connection. `Unavailable` and `InDoubt` of a request go
through the generator to the step, which retries or waits as its policy says; a refusal becomes `Failed`.
No provider says that a report is signed: `Returned` is what came back, and only the gate accepts it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from engine.message import Blob, Failure
from engine.transform.pdf import Box

ANSWER = "WB-4050"
"""The provider's answer is not what its interface promises."""
REFUSAL = "WB-4051"
"""The provider does not do it with this input."""

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class SignJob:
    """One job: `key` is ours and durable before anything is sent, `reference` the provider's once it began.

    signer: the provider's own id of the physician, when it was asked for before. minutes: until the provider's job
    expires. seal: where the visible seal goes; None: wherever the provider puts it, or nowhere.
    """

    key: str
    run: int
    generation: int
    owner_staff_number: str
    title: str = field(repr=False)
    reference: str = ""
    minutes: int = 30
    seal: Box | None = None
    signer: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """One call of the provider's interface: operation and arguments as `engine.message.Request` takes them."""

    operation: str
    arguments: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do. asks_person: the physician confirms elsewhere, so there is a wait. finds: a job can be
    looked up by our key after a lost answer."""

    asks_person: bool
    cancels: bool
    finds: bool
    max_size: int


@dataclass(frozen=True, slots=True)
class Signer:
    """The provider's id of a physician."""

    user_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Begun:
    """The provider has the job. expires_in: seconds."""

    reference: str
    expires_in: float


@dataclass(frozen=True, slots=True)
class Pending:
    """The physician has not decided."""


@dataclass(frozen=True, slots=True)
class Declined:
    """The physician refused."""


@dataclass(frozen=True, slots=True)
class Expired:
    """Nobody decided in time."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job was cancelled at the provider."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Something came back: for the gate. certificate: what the provider says it signed with, only for evidence."""

    pdf: Blob
    certificate: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """The provider said no, or something that is no answer. retry: another job may go better."""

    code: str
    reason: str
    retry: bool = False


Steps = Generator[ProviderRequest, Any, Outcome]
Polled = Pending | Declined | Expired | Cancelled | Returned | Failed


class SigningProvider(Protocol):
    """What a provider offers. Each operation is one conversation, see the module."""

    @property
    def capabilities(self) -> Capabilities: ...

    def resolve_signer(self, staff_number: str) -> Steps[Signer | Failed]: ...

    def begin(self, job: SignJob, pdf: Blob) -> Steps[Begun | Failed]: ...

    def poll(self, job: SignJob) -> Steps[Polled]: ...

    def cancel(self, job: SignJob) -> Steps[Cancelled | Failed]: ...


async def converse(steps: Steps[Outcome], send: Callable[[ProviderRequest], Awaitable[Any]]) -> Outcome:
    """Carry each request through `send` and return the outcome. A `Failure` of `send` is thrown into the conversation,
    and comes out of here when that does not handle it."""
    try:
        request = next(steps)
        while True:
            try:
                answer = await send(request)
            except Failure as failure:
                request = steps.throw(failure)
            else:
                request = steps.send(answer)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
