"""Any value that a step may leave comes back as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.message import INLINE_LIMIT, Blob, Xml
from engine.runtime.values import MARK, decode, encode, is_large

TEXT = st.text() | st.sampled_from(["\x00kind", "\x00", "\x00\x00kind", "\ud800", "植入甲"])
BLOBS = st.builds(Blob, TEXT, st.integers(0), TEXT, TEXT)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
LEAVES = PLAIN | st.binary() | st.builds(Xml, st.binary()) | BLOBS
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))


@given(VALUES)
def test_every_value_comes_back(value: Any) -> None:
    kind, data = encode(value)
    assert kind in ("xml", "text", "json", "bytes", "blob")
    restored = decode(kind, data)
    assert restored == value
    assert type(restored) is type(value)


@pytest.mark.parametrize("value", [{MARK: "blob", "data": "[]"}, {MARK: "xml"}, [{f"\x00{MARK}": 1, MARK: 2}]])
def test_a_peers_answer_that_looks_like_our_mark_is_only_text(value: Any) -> None:
    assert decode(*encode(value)) == value


def test_large_is_more_than_a_row_keeps() -> None:
    assert not is_large(encode("x" * INLINE_LIMIT))
    assert is_large(encode("x" * (INLINE_LIMIT + 1)))
    assert is_large(encode("é" * INLINE_LIMIT))
