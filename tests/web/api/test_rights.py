"""Roles and rights."""

from __future__ import annotations

from engine.ops.users import ROLES
from web.api.rights import RIGHTS, SCREENS, nav_of, rights_of


def test_every_right_is_some_roles_and_every_role_has_some() -> None:
    for right, roles in RIGHTS.items():
        assert roles
        assert roles <= set(ROLES), right
    for role in ROLES:
        assert "today" in rights_of([role])
    assert set(SCREENS) <= set(RIGHTS)


def test_roles_add_up() -> None:
    assert rights_of([]) == frozenset()
    assert rights_of(["PH", "AN"]) == rights_of(["PH"]) | rights_of(["AN"])
    assert "names" not in rights_of(["AN", "AU"])
    assert "sign" not in rights_of(set(ROLES) - {"PH"})


def test_navigation_keeps_its_order() -> None:
    assert nav_of({"sign", "today", "names"}) == ["today", "sign"]
