"""May this person sign this report? The same answer for the screen and for the act; the engine decides again."""

from __future__ import annotations

from sqlalchemy import Connection, select

from engine.ops.read_sign import Report
from engine.store.schema import users
from signing.people import Person, Rule, check, check_rule


def signer_of(conn: Connection, user: int) -> Person:
    """The user as the signing rules see one."""
    row = conn.execute(select(users).where(users.c.id == user)).one()
    return Person(
        row.id,
        frozenset(row.roles),
        row.department,
        row.staff_number or "",
        row.certificate_id or "",
        row.disabled_at is not None,
    )


def why_no_word(person: Person, report: Report) -> str | None:
    """Why this person may not even refuse the report or read its change: who may not sign it has no say in it."""
    return next((f"{finding.code}: {finding.rule}." for finding in check_rule(person, _rule(report))), None)


def why_not(person: Person, report: Report) -> str | None:
    """The reason in one line, or None."""
    if not report.waits:
        return "This report does not wait for a signature."
    if report.run.blocked:
        return f"The order was changed: {report.run.blocked}"
    if report.job is not None and not report.job.ended:
        return "A signature is already asked for."
    wrong = next((match for match in report.matches if not match.ok), None)
    if wrong is not None:
        return f"This does not match: {wrong.text}"
    return next((f"{finding.code}: {finding.rule}." for finding in check(person, person, _rule(report))), None)


def _rule(report: Report) -> Rule:
    by = report.by
    return Rule(str(by.get("role", "")), str(by.get("department", "")), str(by.get("staff", "")))
