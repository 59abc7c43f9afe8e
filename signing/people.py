"""Who may sign: the session's user is the job's owner is the certificate's owner, and fits the step's rule."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.message import Finding

NOT_OWNER = "WB-4040"
"""The session's user is not the owner of the job."""
NOT_ALLOWED = "WB-4041"
"""The step asks for another role, department or person."""
NO_NUMBER = "WB-4042"
"""No staff number is registered, so the provider cannot be asked."""
NO_CERTIFICATE = "WB-4043"
"""No certificate identifier is registered for this user."""
OTHER_CERTIFICATE = "WB-4044"
"""The provider knows this staff number under another identifier than the registered one."""
DISABLED = "WB-4045"
"""The user is disabled."""

ROLES = {
    "analyst": "AN",
    "operator": "OP",
    "scanner": "SC",
    "clerk": "CL",
    "physician": "PH",
    "administrator": "AD",
    "auditor": "AU",
}
"""Words of `by: {role: ...}`; the short form is allowed as well."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user as the signing rules see one: a row of the table `users`."""

    id: int
    roles: frozenset[str]
    department: str = ""
    staff_number: str = ""
    certificate_id: str = field(default="", repr=False)
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A step's `by`: every part that is given must fit. staff: a staff number, usually a value of the run."""

    role: str = "physician"
    department: str = ""
    staff: str = ""


def check_rule(person: Person, rule: Rule) -> list[Finding]:
    """Whether this person fits the step's `by`: for queues as well."""
    findings = []
    if person.disabled:
        findings.append(Finding(DISABLED, "user", "the user is disabled"))
    if rule.role and ROLES.get(rule.role, rule.role) not in person.roles:
        findings.append(Finding(NOT_ALLOWED, "role", f"the step asks for the role {rule.role}"))
    if rule.department and rule.department != person.department:
        findings.append(Finding(NOT_ALLOWED, "department", "the step asks for another department"))
    if rule.staff and rule.staff != person.staff_number:
        findings.append(Finding(NOT_ALLOWED, "staff", "the step asks for another person"))
    return findings


def check(session: Person, owner: Person, rule: Rule, signer: str | None = None) -> list[Finding]:
    """Whether this session may begin or finish this job.

    signer: the provider's identifier of the owner's staff number, once it was asked for.
    """
    findings = check_rule(session, rule)
    if session.id != owner.id:
        findings.append(Finding(NOT_OWNER, "user", "the job belongs to another user"))
    if not owner.staff_number:
        findings.append(Finding(NO_NUMBER, "user", "no staff number is registered"))
    if not owner.certificate_id:
        findings.append(Finding(NO_CERTIFICATE, "user", "no certificate is registered"))
    elif signer is not None and signer != owner.certificate_id:
        findings.append(Finding(OTHER_CERTIFICATE, "user", "the provider knows the user under another certificate"))
    return findings
