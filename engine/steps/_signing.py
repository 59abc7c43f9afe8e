"""A signing job of one run: one look at it, and its next move. Every move is committed on its own.

The job's key is committed before anything is sent, its reference before it is asked for. A begin whose answer is lost
stays unknown until the job's time is over or its owner takes it back; only the newest job counts.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from engine.message import Blob, Finding, InDoubt, Refused, Unavailable, Value
from engine.points import point
from engine.runtime import sign_jobs
from engine.runtime.context import Context
from engine.runtime.outcome import Jump, Next, Outcome, SignWait, Stop, Wait
from engine.runtime.sign_jobs import Job, Owner
from engine.steps._timeout import say_overdue
from engine.steps.set import as_text
from engine.transform.pdf import Box
from signing import people
from signing.coss import Coss
from signing.gate import GatePolicy, GateResult
from signing.jobs import FINAL, JobState, may
from signing.provider import (
    Begun,
    Cancelled,
    Declined,
    Expired,
    Failed,
    Pending,
    ProviderRequest,
    Returned,
    Signer,
    SigningProvider,
    SignJob,
    Steps,
    converse,
)
from signing.seal import length

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.steps.sign import Settings

T = TypeVar("T")

PROVIDERS: dict[str, Callable[[], SigningProvider]] = {"coss": Coss}
"""By the type of the connection."""
GRACE = 60_000
"""Milliseconds after a job's end in which its provider may still say how it ended."""
AWAY = 2.5
"""Times `poll_every` until a provider that cannot be reached is asked again."""
LOOKS = 5
"""How often one look may find that somebody moved the job under it."""


class _Changed(Exception):
    """The job was moved by its owner or by an update while this step looked at it."""


def refused(settings: Settings, user: str, reason: str) -> Outcome:
    """The physician does not sign. The jump, or the person who tries again, takes the refusal's value away."""
    text = f"refused by {user}: {reason}"
    return Jump(settings.refused, text) if settings.refused else Stop("held", "WB-4065", text)


class Signing:
    """One look of the step `sign` at the run's newest job."""

    def __init__(self, settings: Settings, context: Context, document: Blob) -> None:
        self.settings = settings
        self.context = context
        self.document = document
        connection = context.site.connections[settings.with_]
        self.connection = connection.settings
        self.provider = PROVIDERS[connection.type]()

    async def look(self) -> Outcome:
        """What the step answers now. A job that somebody moves meanwhile is looked at again."""
        for _ in range(LOOKS):
            try:
                return await self._look()
            except _Changed:
                continue
        return await self._again("the job changes while it is looked at", self._pause())

    async def _look(self) -> Outcome:
        job = await self._newest()
        if job is None or JobState(job.state) in FINAL - {JobState.DELIVERED}:
            if job is None:
                await self._inspect()
            return await self._queue(job.reason if job is not None else "")
        owner = await self.context.runtime.store.read(lambda conn: sign_jobs.owner_of(conn, job.owner))
        match JobState(job.state):
            case JobState.PREPARED:
                return await self._begin(job, owner)
            case JobState.SUBMITTED:
                return await self._unknown(job)
            case JobState.WAITING:
                return await self._poll(job, owner)
            case _:
                return await self._judge(job, owner)

    async def _newest(self) -> Job | None:
        """Only the newest job counts, and only for this document: after a jump back the report is another one."""
        seq = self.context.run.seq
        jobs = await self.context.runtime.store.read(lambda conn: sign_jobs.by_run(conn, seq))
        return jobs[0] if jobs and jobs[0].sent == self.document.sha256 else None

    # --- before a physician sees it

    async def _inspect(self) -> None:
        """A report that could show something else later never gets a signature; nor one of another order."""
        path = str(self.context.runtime.blobs.path(self.document))
        findings = await self.context.job("signing.intake:inspect", path, heavy=True)
        if findings:
            raise Refused(findings[0].code, f"the device's PDF: {findings[0].rule}")
        await self._seal()

    async def _seal(self) -> Box | None:
        seal = self.settings.seal
        if seal is None:
            return None
        path = str(self.context.runtime.blobs.path(self.document))
        height = length(seal.height) if seal.height else 0.0
        box: Box = await self.context.job(
            "signing.seal:place", path, seal.keyword, length(seal.width), height, heavy=True
        )
        return box

    async def _queue(self, note: str) -> Outcome:
        """Wait for a physician; `until` says how long."""
        until = self._until()
        late = until is not None and self.context.now() >= until
        if late and self.settings.expired:
            return Jump(self.settings.expired, "no physician signed in time")
        if late:
            say_overdue(self.settings.on_timeout, self.context)
        wait = SignWait(await self._match())
        return Wait("a physician's signature", None if late else until, until, wait, note=note)

    def _until(self) -> int | None:
        if self.settings.until is None:
            return None
        return (self.context.run.first_try_at or self.context.now()) + int(self.settings.until * 1000)

    async def _match(self) -> dict[str, Any]:
        by = self.settings.by
        rule = {"role": by.role, "department": by.department, "staff": await self._staff()}
        return {
            "document": self.document.sha256, "size": self.document.size, "provider": self.settings.with_,
            "title": self.context.route.name, "by": {name: text for name, text in rule.items() if text},
        }  # fmt: skip

    async def _staff(self) -> str:
        staff = self.settings.by.staff
        if staff is None:
            return ""
        return as_text("staff", (await self.context.evaluate({"staff": staff}))["staff"])

    # --- the job

    async def _begin(self, job: Job, owner: Owner) -> Outcome:
        """Our key is durable. Asking who the signer is may be repeated; handing in may not."""
        findings = await self._not_allowed(owner)
        if findings:
            return await self._end(job, JobState.FAILED, findings[0].line())
        try:
            signer = await self._signer(owner, job)
            if isinstance(signer, Failed):
                return await self._end(job, JobState.FAILED, f"{signer.code} {signer.reason}")
            findings = await self._not_allowed(owner, signer.user_id)
            if findings:
                return await self._end(job, JobState.FAILED, findings[0].line())
            return await self._hand_in(job, owner, signer.user_id)
        except Unavailable as failure:
            if job.state == JobState.SUBMITTED:  # certainly not done: it may be handed in again
                await self._move(job, JobState.PREPARED)
            return await self._again(f"{failure.code} {failure.reason}", AWAY * self._pause())

    async def _signer(self, owner: Owner, job: Job) -> Signer | Failed:
        """Asking changes nothing: an unanswered question may be asked again."""
        try:
            return await self._converse(self.provider.resolve_signer(owner.staff_number), job)
        except InDoubt as doubt:
            raise Unavailable(doubt.code, doubt.reason) from doubt

    async def _hand_in(self, job: Job, owner: Owner, signer: str) -> Outcome:
        minutes = int(getattr(self.connection, "minutes", 30))
        order = SignJob(
            job.key, self.context.run.seq, job.generation, owner.staff_number, self.context.route.name,
            minutes=minutes, seal=await self._seal(), signer=signer,
        )  # fmt: skip
        expires = self.context.now() + minutes * 60_000
        await self._move(job, JobState.SUBMITTED, expires_at=expires)
        point("sign.submitted")
        try:
            begun = await self._converse(self.provider.begin(order, self.document), job)
        except InDoubt as doubt:
            return await self._unknown(job, f"{doubt.code} {doubt.reason}", expires)
        point("sign.handed_in")
        if isinstance(begun, Begun):
            await self._begun(job, begun.reference)
            point("sign.waiting")
            return await self._again("the phone is asked", self._pause())
        return await self._end(job, JobState.FAILED, f"{begun.code} {begun.reason}")

    async def _begun(self, job: Job, reference: str) -> None:
        """Also of a job that was taken back meanwhile: its provider can only be told with the reference."""
        now = self.context.now()
        if not await self.context.runtime.store.write(lambda conn: sign_jobs.begun(conn, job.id, reference, now)):
            raise _Changed
        job.state, job.reference = JobState.WAITING, reference

    async def _unknown(self, job: Job, reason: str = "", expires: int | None = None) -> Outcome:
        """Nobody knows whether the provider has the job: wait for its end, or for its owner's word."""
        expires = expires or job.expires_at or self.context.now()
        if self.context.now() >= expires:
            return await self._end(job, JobState.EXPIRED, "the answer to the request was lost, and its time is over")
        text = "whether the provider has the job is unknown"
        return await self._again(f"{text}: {reason}" if reason else text, (expires - self.context.now()) / 1000)

    async def _poll(self, job: Job, owner: Owner) -> Outcome:
        asked = SignJob(job.key, self.context.run.seq, job.generation, owner.staff_number, "", job.reference)
        try:
            answer = await self._converse(self.provider.poll(asked), job)
        except (Unavailable, InDoubt) as failure:
            return await self._not_yet(job, f"{failure.code} {failure.reason}", AWAY * self._pause())
        match answer:
            case Pending():
                return await self._not_yet(job, "the phone is asked", self._pause())
            case Returned(pdf):
                point("sign.returned")
                await self._keep(job, pdf)
                point("sign.answer_kept")
                return await self._judge(job, owner)
            case Declined():
                return await self._declined(job, owner)
            case Expired() | Cancelled():
                state = JobState.EXPIRED if isinstance(answer, Expired) else JobState.CANCELLED
                return await self._end(job, state, "not confirmed on the phone in time")
            case Failed(code, reason, retry):
                if retry:
                    return await self._not_yet(job, f"{code} {reason}", AWAY * self._pause())
                return await self._end(job, JobState.FAILED, f"{code} {reason}")

    async def _declined(self, job: Job, owner: Owner) -> Outcome:
        """The refusal is kept with the job's end, so that it is not lost between that commit and the jump."""
        run, now = self.context.run, self.context.now()
        if not await self.context.runtime.store.write(lambda conn: sign_jobs.refused(conn, run, job, owner, now)):
            raise _Changed
        return refused(self.settings, owner.login, sign_jobs.ON_PHONE)

    async def _not_yet(self, job: Job, note: str, seconds: float) -> Outcome:
        if job.expires_at is not None and self.context.now() > job.expires_at + GRACE:
            return await self._end(job, JobState.EXPIRED, "not confirmed on the phone in time")
        return await self._again(note, seconds)

    async def _judge(self, job: Job, owner: Owner) -> Outcome:
        """Only the gate says that it is signed."""
        blobs, returned = self.context.runtime.blobs, Blob(job.returned, 0)
        sent = str(blobs.path(Blob(job.sent, 0)))
        result: GateResult = await self.context.job(
            "signing.gate:verify", sent, str(blobs.path(returned)), await self._policy(job, owner), heavy=True
        )
        if not result.accepted:
            return await self._quarantine(job, list(result.findings))
        if job.state == JobState.RETURNED:
            await self._move(job, JobState.VERIFIED)
            point("sign.verified")
        signed = Blob(result.returned_sha256, result.returned_size, "application/pdf", "report.pdf")
        signer: Value = {
            "staff_number": owner.staff_number, "login": owner.login,
            "signed_at": _iso(result), "algorithm": result.signer.algorithm if result.signer else "",
        }  # fmt: skip
        if job.state == JobState.VERIFIED:
            await self._move(job, JobState.DELIVERED, ended_at=self.context.now())
            point("sign.delivered")
        return Next(signed, {"signer": signer}, note=f"signed by {owner.login}")

    async def _policy(self, job: Job, owner: Owner) -> GatePolicy:
        trust = self.connection.trust
        files = tuple(str(path) for path in (trust if isinstance(trust, list | tuple) else (trust,)) if path)
        start, end = (datetime.fromtimestamp(at / 1000).astimezone() for at in (job.created_at, self.context.now()))
        return GatePolicy(
            files, owner.certificate_id, start, end, identifier_oid=self.connection.identifier,
            seal=await self._seal(), crls=tuple(str(path) for path in getattr(self.connection, "crls", ())),
        )  # fmt: skip

    async def _quarantine(self, job: Job, findings: list[Finding]) -> Outcome:
        if job.state != JobState.RETURNED:  # it was accepted, and the trust changed since (a revocation, a new root)
            raise Refused(findings[0].code, f"the accepted signature does not hold any more: {findings[0].rule}")
        told = [(finding.code, finding.line()) for finding in findings]
        run, now = self.context.run, self.context.now()
        if not await self.context.runtime.store.write(lambda conn: sign_jobs.quarantine(conn, run, job, told, now)):
            raise _Changed
        return await self._queue(f"the answer was refused: {told[0][1]}")

    async def _end(self, job: Job, state: JobState, reason: str) -> Outcome:
        """The job is over without a signature: the report is in the queue again, still Processed."""
        await self._move(job, state, reason=reason, ended_at=self.context.now())
        return await self._queue(reason)

    async def _again(self, note: str, seconds: float) -> Outcome:
        wait, due_at = SignWait(await self._match()), self.context.now() + int(seconds * 1000)
        return Wait("the physician's confirmation", due_at, self._until(), wait, note=note)

    async def _keep(self, job: Job, answer: Blob) -> None:
        now = self.context.now()
        if not await self.context.runtime.store.write(lambda conn: sign_jobs.keep_answer(conn, job.id, answer, now)):
            raise _Changed
        job.state, job.returned = JobState.RETURNED, answer.sha256

    async def _move(self, job: Job, new: JobState, **columns: Any) -> None:
        old = JobState(job.state)
        if not may(old, new):
            raise AssertionError(f"{old} -> {new}")
        if not await self.context.runtime.store.write(lambda conn: sign_jobs.move(conn, job.id, old, new, **columns)):
            raise _Changed
        job.state = new

    async def _not_allowed(self, owner: Owner, signer: str | None = None) -> list[Finding]:
        by = self.settings.by
        person = people.Person(
            owner.id, owner.roles, owner.department, owner.staff_number, owner.certificate_id, owner.disabled
        )
        rule = people.Rule(by.role, by.department, await self._staff())
        return people.check(person, person, rule, signer)

    async def _converse(self, steps: Steps[T], job: Job) -> T:
        async def send(request: ProviderRequest) -> Value:
            return await self.context.send(
                self.settings.with_, request.operation, request.arguments, job.key, job.created_at
            )

        return await converse(steps, send)

    def _pause(self) -> float:
        return float(getattr(self.connection, "poll_every", 2.0))


def _iso(result: GateResult) -> str:
    at = result.signer.signed_at if result.signer else None
    return at.isoformat() if at is not None else ""
