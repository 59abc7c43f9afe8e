"""All benchmarks: `python -m bench` prints what was measured and on what."""

from __future__ import annotations

import subprocess
import sys

NAMES = ("soap_orders", "transform_pool", "stored")


def main() -> int:
    """Each in a process of its own; the worst exit status."""
    return max(subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode for name in NAMES)


if __name__ == "__main__":
    sys.exit(main())
