"""Named points at which a crash test may kill this process.

`WAYBILL_KILL=name` or `name:3` (at the third passing). `WAYBILL_KILL=@FILE` reads the same from a file that the test
may write while the process runs; it is removed when it kills, so that the next start lives. `WAYBILL_KILL_LOG` names
a file that gets the name of each point that is passed. Unset, a point costs one comparison.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

_wanted = os.environ.get("WAYBILL_KILL", "")
_file = Path(_wanted[1:]) if _wanted.startswith("@") else None
_log = os.environ.get("WAYBILL_KILL_LOG", "")
_armed = bool(_wanted or _log)
_passed = 0
_watcher: Callable[[str], None] | None = None


def watch(watcher: Callable[[str], None] | None) -> None:
    """Tell `watcher` of every point, in the thread that passes it (None: no more). It may end that thread's work."""
    global _watcher, _armed
    _watcher = watcher
    _armed = bool(_wanted or _log or watcher)


def point(name: str) -> None:
    """Pass the point `name`; the process ends here with SIGKILL when the test asked for it."""
    if _armed:
        _pass(name)


def _pass(name: str) -> None:
    global _passed
    if _watcher is not None:
        _watcher(name)
    if _log:
        with Path(_log).open("a") as log:
            log.write(name + "\n")
    wanted, _, nth = _now_wanted().partition(":")
    if name == wanted:
        _passed += 1
        if _passed == int(nth or 1):
            if _file is not None:
                _file.unlink(missing_ok=True)
            os.kill(os.getpid(), signal.SIGKILL)


def _now_wanted() -> str:
    """What the test wants now; another wish in the file is counted from its own beginning."""
    global _wanted, _passed
    if _file is not None:
        try:
            text = _file.read_text().strip()
        except FileNotFoundError:
            text = ""
        if text != _wanted:
            _wanted, _passed = text, 0
    return _wanted
