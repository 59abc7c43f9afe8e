"""May this person sign this report? The same answer for the screen and for the act; the engine decides again."""

from __future__ import annotations

from engine.ops.read_sign import Report
from web.api.auth import Person

ROLE_WORDS = {"physician": "PH"}


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
    return _not_asked(person, report)


def _not_asked(person: Person, report: Report) -> str | None:
    role = report.by.get("role")
    if role is not None and ROLE_WORDS.get(str(role), str(role)) not in person.roles:
        return f"This report is signed by a {role}."
    return None
