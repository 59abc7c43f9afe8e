"""`sign`: a report waits for a physician, is signed through a provider, and only the gate's word lets it go on.

The job itself, and what becomes of it, is in `engine/steps/_signing.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from engine.message import Blob, InDoubt, Refused, Request, Unavailable, Value
from engine.runtime import sign_jobs
from engine.runtime.context import Context
from engine.runtime.outcome import Outcome
from engine.runtime.sign_jobs import REFUSAL, Job
from engine.site.paths import Template
from engine.site.settings import Duration, option
from engine.steps._signing import PROVIDERS, Signing, refused
from engine.steps._timeout import OnTimeout
from signing.provider import Cancelled, ProviderRequest, SignJob, converse
from signing.seal import length

if TYPE_CHECKING:
    from engine.runtime.runtime import Runtime

HOUR = 3_600_000
"""Milliseconds in which a provider is told of a job that was cancelled here."""


@dataclass(frozen=True)
class By:
    """Who may sign; all that is given must fit."""

    role: str = option("role: physician", "physician")
    department: str = option("only this department", "")
    staff: Template | None = option("only the person with this staff number, usually a value of the run", None)


@dataclass(frozen=True)
class Seal:
    """Where the visible seal goes: right of the keyword's last occurrence."""

    keyword: str = option("the text of the report behind which the seal goes")
    width: str = option("its width, for example 30mm", "30mm")
    height: str = option("its height (default: half its width)", "")

    def __post_init__(self) -> None:
        length(self.width)
        if self.height:
            length(self.height)


@dataclass(frozen=True)
class Settings:
    """What is signed, through which connection, by whom, and where the run goes when it is not."""

    with_: str = option("the connection of the signing provider", key="with")
    document: Template = option("the PDF that is signed")
    by: By = option("who may sign", By())
    seal: Seal | None = option("the visible seal", None)
    refused: str = option("the step to go to when the physician refuses (default: the run is held)", "")
    expired: str = option("the step to go to when `until` is over (default: an alert, and it waits on)", "")
    until: Duration | None = option("how long a physician has", None)
    on_timeout: OnTimeout | None = option("what follows when the time is over", None)

    def __post_init__(self) -> None:
        if self.on_timeout is not None and not self.on_timeout.goes_on:
            raise ValueError("write `expired: STEP` instead of `go` or `then` under `on_timeout`")


async def perform(settings: Settings, context: Context) -> Outcome:
    """One look at the job; every change of it is committed on its own."""
    refusal = (await context.values()).get(REFUSAL)
    if isinstance(refusal, dict):
        return refused(settings, str(refusal["user"]), str(refusal["reason"]))
    return await Signing(settings, context, await _document(settings, context)).look()


async def _document(settings: Settings, context: Context) -> Blob:
    document = (await context.evaluate({"document": settings.document}))["document"]
    if not isinstance(document, Blob):
        raise Refused("WB-4064", "what is to be signed is no document")
    return document


async def tidy(runtime: Runtime) -> None:
    """Tell providers of jobs that were cancelled here; their answer is evidence and changes nothing."""
    for job in await runtime.store.read(lambda conn: sign_jobs.abandoned(conn, runtime.now() - HOUR)):
        connection = runtime.site.connections.get(job.provider)
        if connection is None or connection.type not in PROVIDERS:
            continue

        async def send(request: ProviderRequest, job: Job = job) -> Value:
            at = datetime.fromtimestamp(job.created_at / 1000).astimezone()
            timeout = runtime.connection_timeout(job.provider)
            asked = Request(request.operation, request.arguments, job.key, at, job.run, timeout=timeout)
            return (await runtime.send(job.provider, asked)).value

        order = SignJob(job.key, job.run, job.generation, "", "", job.reference)
        try:
            answer = await converse(PROVIDERS[connection.type]().cancel(order), send)
        except (Unavailable, InDoubt):
            continue  # the next round asks again
        told = "cancelled at the provider" if isinstance(answer, Cancelled) else f"not cancelled: {answer.code}"
        await runtime.store.write(lambda conn, job=job, told=told: sign_jobs.told(conn, job.id, told))  # type: ignore[misc]
