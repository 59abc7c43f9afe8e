"""`waybill demo` on an empty site: it says how to go on, paper comes by itself, and a signal ends it well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.demo.begin import BATCH
from tests.engine.demo.copy_site import ROOT, copy_site

LONGEST = 240.0


@contextmanager
def staying(site: Path, web: str) -> Iterator[subprocess.Popen[str]]:
    """The demonstration, ended by a signal."""
    command = [sys.executable, "-m", "engine.cli", "demo", "--site", str(site)]
    child = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "WAYBILL_WEB": web}, stdout=subprocess.PIPE, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    watch = threading.Timer(LONGEST, child.terminate)
    watch.start()
    try:
        yield child
    finally:
        watch.cancel()
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=60)


def test_who_signs_in_finds_work(tmp_path: Path) -> None:
    site = tmp_path / "site"
    web = copy_site(site)["web"]
    with staying(site, web) as child:
        assert child.stdout is not None
        said = ""
        for line in child.stdout:
            said += line
            if "sheets at front-desk" in line:
                break
    assert child.returncode == 0
    assert f"the simulated scanner fed {BATCH.sheets} sheets at front-desk" in said
    assert said.index("sign in, once") < said.index("the simulated scanner fed"), "the link is there at once"
    assert f"simulate --site {site} scanner --station ward-3" in said
    scans = site / "var" / "demo" / "scans" / "front-desk"
    assert len(list(scans.glob("**/*.jpg"))) == BATCH.sheets
