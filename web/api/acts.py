"""What a person may do to the engine from a screen: the writer operations of `engine.ops`, by name.

They decide whether an act is allowed and raise `Refused`; nothing is decided here. They are imported when first
used, because a command that only makes a sign-in link needs none of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Edited:
    """A body as an operator wants it sent. labels: as the route reads them from it; of a part: None, they stay."""

    body: str = field(repr=False)
    content_type: str
    labels: dict[str, list[object]] | None = field(repr=False)


class Acts(Protocol):
    """All run in the writer. `user` is a login, `signer` the row id of a user."""

    def retry(self, conn: Connection, run_id: str, user: str, note: str, origin: str = "") -> None: ...
    def cancel(self, conn: Connection, run_id: str, user: str, note: str, origin: str = "") -> None: ...
    def answer_doubt(
        self, conn: Connection, run_id: str, answer: str, user: str, note: str, origin: str = ""
    ) -> None: ...
    def retry_from(self, conn: Connection, run_id: str, step: str, user: str, note: str, origin: str = "") -> None: ...
    def release(self, conn: Connection, run_id: str, user: str, note: str, origin: str = "") -> None: ...
    def edit(self, conn: Connection, run_id: str, user: str, note: str, edited: Edited, origin: str = "") -> str: ...
    def answer(self, conn: Connection, run_id: str, answer: str, user: str, note: str, origin: str = "") -> None: ...
    def candidates(self, conn: Connection, file_id: int) -> list[dict[str, Any]]: ...
    def choose(self, conn: Connection, file_id: int, run_id: str, user: str, origin: str = "") -> None: ...
    def discard(self, conn: Connection, file_id: int, reason: str, user: str, origin: str = "") -> None: ...
    def acknowledge(self, conn: Connection, entry: int, user: str, note: str, origin: str = "") -> None: ...
    def close(self, conn: Connection, entry: int, answer: str, user: str, note: str, origin: str = "") -> None: ...
    def sign(self, conn: Connection, run_id: str, signer: int) -> int: ...
    def refuse(self, conn: Connection, run_id: str, signer: int, reason: str) -> None: ...
    def reread(self, conn: Connection, run_id: str, signer: int) -> None: ...
    def withdraw(self, conn: Connection, run_id: str, signer: int) -> None: ...


class EngineActs:
    """The engine's own."""

    def retry(self, conn: Connection, run_id: str, user: str, note: str, origin: str = "") -> None:
        from engine.ops import runs

        runs.retry(conn, run_id, user, note, origin=origin)

    def cancel(self, conn: Connection, run_id: str, user: str, note: str, origin: str = "") -> None:
        from engine.ops import runs

        runs.cancel(conn, run_id, user, note, origin=origin)

    def answer_doubt(self, conn: Connection, run_id: str, answer: str, user: str, note: str, origin: str = "") -> None:
        from engine.ops import runs

        runs.answer_doubt(conn, run_id, answer, user, note, origin=origin)

    def retry_from(self, conn: Connection, run_id: str, step: str, user: str, note: str, origin: str = "") -> None:
        from engine.ops import resend

        resend.retry_from(conn, run_id, step, user, note, origin)

    def release(self, conn: Connection, run_id: str, user: str, note: str, origin: str = "") -> None:
        from engine.ops import order

        order.release(conn, run_id, user, note, origin=origin)

    def edit(self, conn: Connection, run_id: str, user: str, note: str, edited: Edited, origin: str = "") -> str:
        """Send it as a new message; the new run's id."""
        from engine.ops import resend

        labels = {} if edited.labels is None else edited.labels
        made = resend.edited(
            conn, run_id, user, note, body=edited.body, content_type=edited.content_type, labels=labels, origin=origin
        )
        return made["run"]

    def answer(self, conn: Connection, run_id: str, answer: str, user: str, note: str, origin: str = "") -> None:
        from engine.ops import persons

        persons.answer(conn, run_id, answer, user, note, origin=origin)

    def candidates(self, conn: Connection, file_id: int) -> list[dict[str, Any]]:
        """A read: the waits that a file could belong to, with why."""
        from engine.ops import files

        return list(files.candidates(conn, file_id))

    def choose(self, conn: Connection, file_id: int, run_id: str, user: str, origin: str = "") -> None:
        from engine.ops import files

        files.choose(conn, file_id, run_id, user, origin=origin)

    def discard(self, conn: Connection, file_id: int, reason: str, user: str, origin: str = "") -> None:
        from engine.ops import files

        files.discard(conn, file_id, reason, user, origin=origin)

    def acknowledge(self, conn: Connection, entry: int, user: str, note: str, origin: str = "") -> None:
        from engine.ops import attention

        attention.acknowledge(conn, entry, user, note, origin=origin)

    def close(self, conn: Connection, entry: int, answer: str, user: str, note: str, origin: str = "") -> None:
        from engine.ops import attention

        attention.close(conn, entry, answer, user, note, origin=origin)

    def sign(self, conn: Connection, run_id: str, signer: int) -> int:
        """Begin a signing job; its number."""
        from engine.ops import signing

        return int(signing.request(conn, run_id, signer))

    def refuse(self, conn: Connection, run_id: str, signer: int, reason: str) -> None:
        from engine.ops import signing

        signing.refuse(conn, run_id, signer, reason)

    def reread(self, conn: Connection, run_id: str, signer: int) -> None:
        from engine.ops import signing

        signing.reread(conn, run_id, signer)

    def withdraw(self, conn: Connection, run_id: str, signer: int) -> None:
        """End a job that the physician has not answered."""
        from engine.ops import signing

        signing.cancel(conn, run_id, signer)
