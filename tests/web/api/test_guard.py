"""Opaque keys of pages."""

from __future__ import annotations

import pytest

from web.api.guard import key_of, opaque
from web.api.problems import Denied


@pytest.mark.parametrize("key", [0, 1, 35, 36, 123456789, 2**53])
def test_a_key_comes_back(key: int) -> None:
    assert key_of(opaque(key)) == key


def test_none_and_nonsense() -> None:
    assert opaque(None) is None
    assert key_of(None) is None
    for nonsense in ("", "-1", "a b", "１", "z" * 15, "示"):
        with pytest.raises(Denied):
            key_of(nonsense)
