"""The worker process: reads jobs from descriptor 3, does them in order, writes each outcome to descriptor 4.

Started as a fresh interpreter by `engine.transform.process`, with no database handle and no secret. It ends with its
parent: by the kernel's signal, and when descriptor 3 is at its end.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import importlib
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.message import Failure, Refused
from engine.transform.framing import Framer, frame

REQUESTS, REPLIES = 3, 4
READY = b""
"""The first frame of a worker: its imports are done."""
OK, FAILED, BUG, LEAVING = b"+", b"-", b"!", b"x"
"""First byte of a reply: value, failure, bug, or a failure after which this process ends itself."""
PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the thread that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was asked
        os._exit(0)


def limit_memory(size: int) -> None:
    """Limit the address space to `size` bytes; no core file, which would hold a patient's data."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if size:
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


@lru_cache(maxsize=256)
def job_named(name: str) -> Callable[..., Any]:
    """The function that `module:function` names."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)  # type: ignore[no-any-return]


def where(error: BaseException) -> str:
    """Type and place of a bug. Never its message: that may quote what was being worked on."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def perform(request: bytes) -> bytes:
    """Do one job; the reply's payload, whatever happened."""
    try:
        name, args = pickle.loads(request)  # noqa: S301 (of our own parent)
        return OK + pickle.dumps(job_named(name)(*args), 5)
    except Failure as failure:
        return FAILED + pickle.dumps((type(failure).__name__, failure.code, failure.reason), 5)
    except RecursionError:
        return FAILED + pickle.dumps((Refused.__name__, "WB-2003", "the input is nested too deeply"), 5)
    except MemoryError:
        return LEAVING + pickle.dumps((Refused.__name__, "WB-2005", "the worker's memory limit was reached"), 5)
    except Exception as error:  # noqa: BLE001 (the one place where a job's bug becomes an answer)
        return BUG + pickle.dumps(where(error), 5)


def write(payload: bytes) -> None:
    """Write one frame, all of it."""
    rest = memoryview(frame(payload))
    while rest:
        rest = rest[os.write(REPLIES, rest) :]


def serve() -> None:
    """Answer until the parent closes its end. Each reply leaves at once: the parent must know what runs now."""
    framer = Framer()
    while data := os.read(REQUESTS, 1 << 18):
        for request in framer.feed(data):
            reply = perform(request)
            write(reply)
            if reply[:1] == LEAVING:
                os._exit(3)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--parent", type=int, required=True)
    options.add_argument("--memory", type=int, default=0)
    options.add_argument("--preload", default="")
    options.add_argument("--nice", type=int, default=0)
    given = options.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # the daemon ends us itself, after its running steps
        signal.signal(number, signal.SIG_IGN)
    die_with(given.parent)
    if given.nice and hasattr(os, "nice"):
        os.nice(given.nice)
    os.chdir("/")
    limit_memory(given.memory)
    for module in filter(None, given.preload.split(",")):
        importlib.import_module(module)
    gc.freeze()
    with contextlib.suppress(BrokenPipeError):
        write(READY)
        serve()


if __name__ == "__main__":
    main()
