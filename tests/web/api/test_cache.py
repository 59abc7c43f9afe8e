"""The bounded cache of drawn pages."""

from __future__ import annotations

import os
from pathlib import Path

from web.api.cache import Cache


def test_it_finds_what_it_kept_and_drops_what_was_used_longest_ago(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "pages", most=2)
    assert cache.find("a") is None
    for key in ("a", "b"):
        path = cache.keep(key, key.encode())
        os.utime(path, (1, 1) if key == "b" else (2, 2))
    cache.keep("c", b"c")
    assert cache.find("b") is None
    assert cache.find("a") is not None
    kept = cache.find("c")
    assert kept is not None
    assert kept.read_bytes() == b"c"
    assert (tmp_path / "pages").stat().st_mode & 0o777 == 0o700
