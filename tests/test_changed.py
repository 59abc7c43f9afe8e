"""Words of a text are changed in one walk."""

from __future__ import annotations

import pytest

from tests.changed import changed


def test_what_was_put_in_is_not_changed_again():
    assert changed("a:8081 b:2575", {":8081": ":25751", ":2575": ":0"}) == "a:25751 b:0"


def test_a_word_that_is_not_there_is_said():
    with pytest.raises(AssertionError, match="the site has no ':9'"):
        changed("a:8081", {":9": ":0"}, "the site")
