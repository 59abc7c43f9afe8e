"""All benchmarks: `python -m bench [--full] [--only flow,long,beside]`; results go to docs/benchmarks.md.

Under four minutes; `--full` passes and stores a million messages, which takes a quarter of an hour.
"""

from __future__ import annotations

import sys

from bench.page import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
