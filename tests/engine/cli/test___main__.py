"""`python -m engine.cli`."""

import subprocess
import sys


def test_it_is_the_command_line():
    done = subprocess.run([sys.executable, "-m", "engine.cli", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "usage: waybill COMMAND" in done.stdout
