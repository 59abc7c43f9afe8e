"""Who may sign: each way of being the wrong person has its own code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from signing.people import (
    DISABLED,
    NO_CERTIFICATE,
    NO_NUMBER,
    NOT_ALLOWED,
    NOT_OWNER,
    OTHER_CERTIFICATE,
    Person,
    Rule,
    check,
    check_rule,
)

PHYSICIAN = Person(1, frozenset({"PH"}), "ANS", "D9001", "U-D9001")
RULE = Rule(role="physician")


def codes(session: Person, owner: Person = PHYSICIAN, rule: Rule = RULE, signer: str | None = None) -> set[str]:
    return {finding.code for finding in check(session, owner, rule, signer)}


def test_the_owner_with_the_registered_certificate_may() -> None:
    assert codes(PHYSICIAN) == set()
    assert codes(PHYSICIAN, signer="U-D9001") == set()
    assert codes(PHYSICIAN, rule=Rule("PH", "ANS", "D9001")) == set()


def test_every_wrong_person_is_named() -> None:
    assert codes(replace(PHYSICIAN, id=2)) == {NOT_OWNER}
    assert codes(PHYSICIAN, signer="U-D9002") == {OTHER_CERTIFICATE}
    bare = replace(PHYSICIAN, staff_number="", certificate_id="")
    assert codes(bare, bare, signer="U-D9001") == {NO_NUMBER, NO_CERTIFICATE}


@pytest.mark.parametrize(
    "rule", [Rule(role="clerk"), Rule(department="ICU"), Rule(staff="D9002"), Rule(role="nonsense")]
)
def test_the_step_s_rule(rule: Rule) -> None:
    assert [finding.code for finding in check_rule(PHYSICIAN, rule)] == [NOT_ALLOWED]


def test_a_disabled_user_signs_nothing() -> None:
    assert codes(replace(PHYSICIAN, disabled=True)) == {DISABLED}


def test_no_identifier_in_a_repr_or_finding() -> None:
    assert "U-D9001" not in repr(PHYSICIAN)
    assert "U-" not in "".join(finding.line() for finding in check(PHYSICIAN, PHYSICIAN, RULE, "U-D9002"))
