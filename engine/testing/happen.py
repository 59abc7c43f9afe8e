"""What happens in a test, one event at a time. Each may be done again when the engine ended in the middle of it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from lxml import etree
from sqlalchemy import Connection, select

from engine.channel import SeenFile
from engine.hl7 import Message as Hl7Message
from engine.message import Failure, Incoming, Refused, Reply
from engine.ops import attention as attention_ops
from engine.ops import runs as runs_ops
from engine.ops import signing as signing_ops
from engine.ops import users
from engine.runtime import journal, signals
from engine.store.schema import attention, label, run, sign_job, wait
from engine.testing.mocks import content_type_of, hl7_of
from engine.testing.model import Event, FileCame, Given, PersonSays, SignalSent, Signed
from engine.transform.reading import kind_of

if TYPE_CHECKING:
    from engine.testing.engine import Engine
    from engine.testing.stage import Stage

WRONG = "WB-7317"
"""A test asks for something that is not possible at that moment."""
PHONE = 60_000
"""Milliseconds in which the phone is asked for its answer."""
LOOK = 1000
ROLES = {"physician": "PH"}


@dataclasses.dataclass
class Replies:
    """What was answered to each message, in order; `again`: it had to be sent twice, the engine had ended."""

    replies: list[Reply | Failure] = dataclasses.field(default_factory=list)
    again: set[int] = dataclasses.field(default_factory=set)


async def message(stage: Stage, given: Given, replies: Replies, again: bool) -> None:
    """The channel hands it over, and keeps the reply."""
    engine = _engine(stage)
    answer: Reply | Failure
    try:
        came = incoming(given)
        if given.file is not None and kind_of(came.content_type)[0] == "bytes":  # as a folder hands files in
            kept = await engine.during(engine.runtime.in_thread("blobs", engine.keep, given.file))
            came = dataclasses.replace(came, body=b"", blob=kept)
        answer = await engine.during(engine.runtime.inbox.accept(came), lets_pass=True)
    except Failure as failure:
        answer = failure
    if again:
        replies.again.add(len(replies.replies))
    replies.replies.append(answer)


def incoming(given: Given) -> Incoming:
    """The message as its channel would make it."""
    body = given.file.read_bytes() if given.file is not None else str(given.body).strip().encode()
    kind = given.content_type or (content_type_of(given.file) if given.file is not None else "application/xml")
    if "hl7" in kind:
        body = hl7_of(body)
    identity = given.identity or None
    return Incoming(given.connection, given.operation, changed(body, kind, given), kind, dict(given.meta), identity)


def changed(body: bytes, kind: str, given: Given) -> bytes:
    """The body with the texts of `set`."""
    if not given.set:
        return body
    if "hl7" in kind:
        read = Hl7Message(body)
        for path, text in given.set.items():
            read.set(path, text)
        return read.to_bytes()
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    for path, text in given.set.items():
        found: Any = root.xpath(path)
        if not isinstance(found, list) or not found:
            raise Refused(WRONG, f"{given.at}: `set: {path}` finds nothing in the message")
        for part in found:
            _put(part, text, f"{given.at}: `set: {path}`")
    return etree.tostring(root, encoding="utf-8")


def _put(part: Any, text: str, where: str) -> None:
    """part: what a path found, an element, an attribute or a text."""
    owner = getattr(part, "getparent", lambda: None)()
    if isinstance(part, etree._Element):
        part.text = text
    elif owner is not None and part.is_attribute:
        owner.set(part.attrname, text)
    elif owner is not None and part.is_text:
        owner.text = text
    else:
        raise Refused(WRONG, f"{where} finds neither an element nor an attribute")


async def file(stage: Stage, came: FileCame) -> None:
    """As the folder's channel reports a file that has settled."""
    engine = _engine(stage)
    if came not in stage.places:  # once: after an end of the engine nobody may wait for it any more
        stage.places[came] = came.path or f"{_waited_folder(engine, came)}/{came.name or came.file.name}"
    path = stage.places[came]
    blob = await engine.during(engine.runtime.in_thread("blobs", engine.keep, came.file))
    reason = "" if came.complete else "still being written"
    if came.complete and path.lower().endswith(".pdf"):
        reason = str(await engine.during(engine.runtime.workers.run(COMPLETE, str(engine.blobs.path(blob)))))
    number = int(hashlib.sha256(path.encode()).hexdigest()[:8], 16)
    seen = SeenFile(path, blob.size, blob.size, number, not reason, reason, None if reason else blob)
    for taken in await engine.during(engine.files.observe(came.connection, [seen], [])):
        await engine.during(engine.files.moved(came.connection, taken.path))


COMPLETE = "engine.transform.pdf:complete"


def _waited_folder(engine: Engine, came: FileCame) -> str:
    query = select(wait.c.folder).where(wait.c.kind == "file", wait.c.connection == came.connection)
    folders = {str(PurePosixPath(row.folder)) for row in engine.read(lambda conn: conn.execute(query).all())}
    if len(folders) != 1:
        raise Refused(WRONG, f"{len(folders)} folders of {came.connection} are waited for: write `path`")
    return folders.pop()


async def sign(stage: Stage, signed: Signed) -> None:
    """The physician asks, the phone answers, the engine asks the phone."""
    engine = _engine(stage)
    row, match = _signable(engine, signed.run)
    person = await engine.write(lambda conn: _physician(conn, match.get("by", {})))
    job = _job(engine, row["seq"])
    if job is not None and job["state"] == "submitted":  # an end of the engine left it so: its owner takes it back
        await engine.write(lambda conn: signing_ops.cancel(conn, row["id"], person))
        await engine.settle()
        job = None
    if job is None or job["state"] in ("cancelled", "expired", "refused", "failed", "quarantined"):
        await engine.write(lambda conn: signing_ops.request(conn, row["id"], person))
    await engine.settle()
    job = _job(engine, row["seq"])
    if job is None or job["state"] not in ("waiting", "returned", "verified", "delivered"):
        why = "nothing" if job is None else f"{job['state']}: {job['reason']}"
        raise Refused(WRONG, f"the signature does not come to the phone, it is {why}")
    if job["reference"] in stage.phone.jobs:
        document = await _document(engine, signed)
        stage.phone.says(job["reference"], signed.answer, document)
    end = stage.clock.now() + PHONE
    while _job(engine, row["seq"])["state"] == "waiting" and stage.clock.now() < end:
        await engine.until(stage.clock.now() + LOOK)


async def _document(engine: Engine, signed: Signed) -> Any:
    if signed.file is None:
        return None
    return await engine.during(engine.runtime.in_thread("blobs", engine.keep, signed.file))


def _signable(engine: Engine, labels: dict[str, str]) -> tuple[Any, dict[str, Any]]:
    def query(conn: Connection) -> list[Any]:
        found = select(run, wait.c.match.label("asked")).join(wait, wait.c.run == run.c.seq)
        rows = conn.execute(found.where(wait.c.kind == "sign").order_by(run.c.seq)).mappings().all()
        return [row for row in rows if _has(conn, row["seq"], labels)]

    rows = engine.read(query)
    if len(rows) != 1:
        more = "" if labels else "; name it by `run: {LABEL: TEXT}`"
        raise Refused(WRONG, f"{len(rows)} reports wait for a signature{more if rows else ''}")
    asked = rows[0]["asked"]
    return rows[0], json.loads(asked) if isinstance(asked, str) else dict(asked)


def _job(engine: Engine, seq: int) -> Any:
    query = select(sign_job).where(sign_job.c.run == seq).order_by(sign_job.c.generation.desc()).limit(1)
    return engine.read(lambda conn: conn.execute(query).mappings().first())


def _physician(conn: Connection, by: dict[str, str]) -> int:
    """A person whom the step's `by` allows; the same one each time."""
    staff = by.get("staff") or "D9001"
    login = f"physician-{hashlib.sha256(staff.encode()).hexdigest()[:8]}"
    known = conn.exec_driver_sql("SELECT id FROM users WHERE login = ?", (login,)).first()
    if known is not None:
        return int(known[0])
    role = ROLES.get(by.get("role", ""), "PH")
    return users.add(conn, login, "Test Physician", [role], staff, f"U-{staff}", by.get("department", ""))


def _has(conn: Connection, seq: int, labels: dict[str, str]) -> bool:
    query = select(label.c.name, label.c.value).where(label.c.run == seq)
    own = {row.name: row.value for row in conn.execute(query)}
    return all(own.get(name) == text for name, text in labels.items())


async def person(stage: Stage, says: PersonSays, again: bool) -> None:
    """As the screens do it, with all their rules."""
    engine = _engine(stage)
    try:
        await engine.write(lambda conn: _act(conn, says))
    except Refused:
        if not again:  # the commit before the end has it
            raise


def _act(conn: Connection, says: PersonSays) -> None:
    row = _meant(conn, says)
    if says.do in runs_ops.ANSWERS:
        runs_ops.answer_doubt(conn, row["id"], says.do, "test", says.note)
    elif says.do == "retry":
        runs_ops.retry(conn, row["id"], "test", says.note)
    elif says.do == "cancel":
        runs_ops.cancel(conn, row["id"], "test", says.note)
    elif says.do == "refuse":
        signing_ops.refuse(conn, row["id"], _physician(conn, {}), says.note)
    elif says.do == "reread":
        signing_ops.reread(conn, row["id"], _physician(conn, {}))
    else:
        entry = select(attention.c.id).where(attention.c.run == row["seq"], attention.c.kind == "update")
        number = conn.execute(entry.where(attention.c.closed_at.is_(None))).scalar()
        if number is None:
            raise Refused(WRONG, "there is no open update of this run")
        attention_ops.close(conn, number, says.do, "test", says.note)


MEANT = {
    "arrived": ("held",), "again": ("held",), "ask": ("held",), "ignore": ("held",), "anew": ("held",),
    "retry": ("dead", "held", "waiting"), "cancel": ("dead", "held", "waiting", "ready"),
    "refuse": ("waiting",), "reread": ("waiting",),
}  # fmt: skip


def _meant(conn: Connection, says: PersonSays) -> Any:
    query = select(run).where(run.c.children == 0, run.c.state.in_(MEANT[says.do])).order_by(run.c.seq)
    rows = [row for row in conn.execute(query).mappings() if _has(conn, row["seq"], says.run)]
    if len(rows) != 1:
        raise Refused(WRONG, f"`do: {says.do}` fits {len(rows)} runs; name one by `run: {{LABEL: TEXT}}`")
    return rows[0]


async def signal(stage: Stage, sent: SignalSent) -> None:
    """As the step `signal` of another route."""
    engine = _engine(stage)
    what = signals.Signal(sent.do, dict(sent.values), dict(sent.set_labels), "by a test")

    def operation(conn: Connection) -> None:
        rows = signals.find(conn, sent.route, sent.labels)
        if not rows:
            raise Refused(WRONG, f"no run of {sent.route} has these labels")
        source = journal.from_row(rows[0])
        signals.deliver(conn, source, rows, what, engine.runtime.known_route, stage.clock.now())

    await engine.write(operation)


async def restart(stage: Stage, how: str) -> None:
    """The same store, another life."""
    engine = _engine(stage)
    if not engine.dead:
        if how == "stop":
            await engine.stop()
        else:
            engine.kill()
    await stage.live()


async def happen(stage: Stage, event: Event, replies: Replies, again: bool) -> None:
    """One event, but for `advance` and `expect`."""
    if event.message is not None:
        await message(stage, event.message, replies, again)
    elif event.file is not None:
        await file(stage, event.file)
    elif event.sign is not None and not (again and _went_on(stage)):
        await sign(stage, event.sign)
    elif event.signal is not None:
        await signal(stage, event.signal)
    elif event.answer is not None:
        await person(stage, event.answer, again)
    elif event.restart is not None:
        await restart(stage, event.restart)
    for name, rules in event.mocks.items():
        stage.peers[name].say(rules)


def _went_on(stage: Stage) -> bool:
    """Nobody waits for a signature any more: the answer was taken before the engine ended."""
    query = select(wait.c.run).where(wait.c.kind == "sign")
    return not _engine(stage).read(lambda conn: conn.execute(query).all())


def _engine(stage: Stage) -> Engine:
    assert stage.engine is not None, "the stage is live"
    return stage.engine
