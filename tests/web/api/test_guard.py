"""Opaque keys of pages."""

from __future__ import annotations

import pytest

from tests.web.api.world import World
from web.api.guard import key_of, opaque
from web.api.problems import Denied


@pytest.mark.parametrize("key", [0, 1, 35, 36, 123456789, 2**53, 2**63 - 1])
def test_a_key_comes_back(key: int) -> None:
    assert key_of(opaque(key)) == key


def test_none_and_nonsense() -> None:
    assert opaque(None) is None
    assert key_of(None) is None
    for nonsense in ("", "-1", "a b", "１", "z" * 14, opaque(2**63), "z" * 15, "示"):
        with pytest.raises(Denied):
            key_of(nonsense)


def test_a_key_that_the_store_cannot_take_is_refused_at_the_door(world: World) -> None:
    asked = {"status": "Pending", "after": opaque(2**63)}
    assert world.sign_in("OP").post("/api/v1/worklist/search", asked).status == 422
    assert world.sign_in("OP", login="o2").post("/api/v1/worklist/search", {**asked, "after": "zz"}).status == 200
