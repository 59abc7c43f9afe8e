"""The shapes of people and of their own settings."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from web.api.models_users import KeysAsked, UserNew, UserPatch


def test_what_is_not_sent_stays() -> None:
    assert UserPatch(department="").model_dump(exclude_none=True) == {"department": ""}
    with pytest.raises(ValidationError):
        UserPatch.model_validate({"login": "other"})


def test_a_new_user_has_a_role_that_there_is() -> None:
    for roles in ([], ["XX"], ["OP"] * 9):
        with pytest.raises(ValidationError):
            UserNew(login="a", name="A", roles=roles)


def test_each_key_is_meant_by_exactly_one() -> None:
    assert KeysAsked(keys={"a": "b", "b": "c", "c": "a"}).keys["b"] == "c"
    with pytest.raises(ValidationError):
        KeysAsked(keys={"a": "b", "b": "b"})
