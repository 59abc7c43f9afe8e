"""Asking connections how they are, in a process of its own (a reactor runs once)."""

import json
import subprocess
import sys

SITE = """\
connections:
  here: {type: access, driver: SQLite3, file: here.sqlite}
  heard: {type: soap_in, listen: 127.0.0.1:1}
  gone: {type: access, driver: SQLite3, file: folder/none.sqlite}
policies: {default: {first: 1s}}
"""

CODE = """\
import json, sys
from pathlib import Path
from engine.probes import probe_all
from engine.registry import Registry
from engine.site.load import load_site
site = load_site(Path(sys.argv[1]), Registry())
print(json.dumps({name: [h.state, h.reason] for name, h in probe_all(site, Registry(), 5.0).items()}))
"""


def test_each_connection_answers_for_itself(tmp_path):
    (tmp_path / "routes.yaml").write_text(SITE)
    (tmp_path / "here.sqlite").touch()
    done = subprocess.run([sys.executable, "-c", CODE, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert list(found) == ["here", "gone"]  # a listener has nobody to reach, and its port is not touched
    assert found["here"][0] == "up"
    assert found["gone"][0] == "down"
    assert found["gone"][1]
