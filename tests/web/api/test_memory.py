"""Memory of the process tree."""

from __future__ import annotations

import os
import subprocess
import sys

from web.api.memory import measure, tree


def test_this_process_holds_something() -> None:
    assert measure().pss_mb > 10


def test_children_are_found() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert child.pid in tree(os.getpid())
    finally:
        child.communicate(b"\n")
    assert child.pid not in tree(os.getpid())
