"""`waybill demo --once` from end to end: daemon, HIS, device and CA as processes, on a copy of the site."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.engine.demo.copy_site import ROOT, copy_site
from tests.signing import oracles


def once(site: Path, *words: str, web: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "engine.cli", "demo", "--once", "--site", str(site), *words]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, "WAYBILL_WEB": web}, capture_output=True, text=True, check=False,
        timeout=150, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_an_order_comes_back_signed_and_a_refusal_is_said_at_once(tmp_path: Path) -> None:
    site = tmp_path / "site"
    web = copy_site(site)["web"]
    done = once(site, web=web)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    (pdf,) = (site / "var" / "demo" / "received").glob("*.pdf")
    assert pdf.name in done.stdout
    assert "exam_report  Sent  done" in done.stdout
    assert oracles.pdfsig(pdf)
    assert oracles.qpdf(pdf)
    assert oracles.openssl(pdf, site / "var" / "demo" / "ca" / "root.pem", tmp_path)

    begun = time.monotonic()
    refused = once(site, "--phone", "refuse", web=web)  # the same site again: its user and its CA are there already
    assert refused.returncode == 1
    assert refused.stderr == "waybill demo: the report was not signed: refused on the phone\n"
    assert time.monotonic() - begun < 60
    assert len(list((site / "var" / "demo" / "received").glob("*.pdf"))) == 1
