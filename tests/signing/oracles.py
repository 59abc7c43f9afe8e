"""Programs that are not ours and say what they think of a signed PDF."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path


def pdfsig(pdf: Path) -> bool:
    """Poppler: exactly one signature, valid, over the total document."""
    run = subprocess.run(["pdfsig", "-nocert", str(pdf)], capture_output=True, text=True, timeout=30, check=False)
    one = run.stdout.count("Signature #") == 1
    return one and "Total document signed" in run.stdout and "Signature Validation: Signature is Valid." in run.stdout


def qpdf(pdf: Path) -> bool:
    """qpdf: no syntax errors."""
    return subprocess.run(["qpdf", "--check", str(pdf)], capture_output=True, timeout=30, check=False).returncode == 0


def openssl(pdf: Path, root: Path, folder: Path) -> bool:
    """OpenSSL: the CMS over the last ByteRange verifies, chained to the root."""
    data = pdf.read_bytes()
    ranges = re.findall(rb"/ByteRange ?\[ ?(\d+) (\d+) (\d+) (\d+) ?\]", data)
    start, length, second, rest = map(int, ranges[-1])
    content, cms = folder / "content.bin", folder / "signature.der"
    content.write_bytes(data[start : start + length] + data[second : second + rest])
    der = bytes.fromhex(data[start + length + 1 : second - 1].decode())
    cms.write_bytes(der[: 4 + int.from_bytes(der[2:4], "big")])
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", str(cms), "-content", str(content)]
    command += ["-CAfile", str(root), "-purpose", "any", "-out", "/dev/null"]
    return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0
