"""The library that lets a disk and a wall clock fail for one process: built with the C compiler, steered here."""

from __future__ import annotations

import ctypes
import functools
import mmap
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
SECOND = 1_000_000_000


@functools.cache
def library() -> Path:
    """The library, built once a test run."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler is not None, "no C compiler: tools/setup --test installs gcc"
    made = Path(tempfile.mkdtemp(prefix="waybill-shim-")) / "shim.so"
    command = [compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-o", str(made), str(SOURCE)]
    subprocess.run([*command, "-ldl", "-lpthread"], check=True, timeout=120)
    return made


class _Page(ctypes.Structure):
    """As `struct control` in shim.c."""

    _fields_ = (
        ("error", ctypes.c_int32),
        ("left", ctypes.c_int32),
        ("clock", ctypes.c_int64),
        ("failed", ctypes.c_int64),
        ("under", ctypes.c_char * 256),
    )


class Shim:
    """What one daemon meets. log: where its changes below `root` are recorded, if they are."""

    def __init__(self, root: Path, control: Path, log: Path | None = None) -> None:
        self.root = root.resolve()
        self._control = control
        self._log = log
        control.write_bytes(bytes(ctypes.sizeof(_Page)))
        with control.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self._page = _Page.from_buffer(self._map)

    def environment(self) -> dict[str, str]:
        """For the process that is to meet it."""
        names = {"LD_PRELOAD": library(), "SHIM_ROOT": self.root, "SHIM_CONTROL": self._control}
        if self._log is not None:
            names["SHIM_LOG"] = self._log
        return {name: str(value) for name, value in names.items()}

    def fail(self, error: int, *, after: int = 0, under: Path | None = None) -> None:
        """From now on what changes the disk is answered with this error; `after` so many more changes."""
        self._page.error = 0
        self._page.under = b"" if under is None else str(under.resolve()).encode()
        self._page.left = after
        self._page.error = error

    def work(self) -> None:
        """The disk works again."""
        self._page.error = 0

    @property
    def failed(self) -> int:
        """How many calls have met the error."""
        return int(self._page.failed)

    def jump(self, seconds: float) -> None:
        """Set the wall clock so far ahead of the real one (behind it, when negative)."""
        self._page.clock = int(seconds * SECOND)
