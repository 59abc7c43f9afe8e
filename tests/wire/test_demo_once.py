"""`waybill demo --once` from end to end: daemon, HIS, device, CA and scanner as processes, on a copy of the site."""

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
        timeout=400, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_an_order_comes_back_signed_and_a_refusal_is_said_at_once(tmp_path: Path) -> None:
    site = tmp_path / "site"
    web = copy_site(site)["web"]
    done = once(site, web=web)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    pdfs = list((site / "var" / "demo" / "received").glob("*.pdf"))
    (pdf,) = (one for one in pdfs if one.name in done.stdout)
    assert "exam_report  Sent  done" in done.stdout
    assert_scanned(site, done.stdout, [one.stem for one in pdfs if one != pdf])
    assert oracles.pdfsig(pdf)
    assert oracles.qpdf(pdf)
    assert oracles.openssl(pdf, site / "var" / "demo" / "ca" / "root.pem", tmp_path)

    begun = time.monotonic()
    refused = once(site, "--phone", "refuse", web=web)  # the same site again: its user and its CA are there already
    assert refused.returncode == 1
    assert refused.stderr == "waybill demo: the report was not signed: refused on the phone\n"
    assert time.monotonic() - begun < 60
    assert len(list((site / "var" / "demo" / "received").glob("*.pdf"))) == len(pdfs)


def assert_scanned(site: Path, said: str, documents: list[str]) -> None:
    """The batch went through: its files were taken, its documents are at the HIS, each found by what stands on it."""
    assert len(documents) == 3
    assert "12 sheets said, 12 images: kept 4, label 3, separator 3, header 1, blank 1; the ledger balances" in said
    assert "each page has its patient from a label" in said
    assert "the HIS accepted 3 scanned documents" in said
    assert "the pages are read, and the documents found by" in said
    assert (said.count("scan_capture  -  done"), said.count("scanned_document  -  done")) == (3, 3)
    scans = site / "var" / "demo" / "scans" / "front-desk"
    assert sorted(path.suffix for path in (scans / ".done").iterdir()) == [".jpg", ".pdf", ".tif"]
    assert not [path for path in scans.iterdir() if path.is_file()]
    assert all(oracles.qpdf(site / "var" / "demo" / "received" / f"{name}.pdf") for name in documents)
