"""What a machine and processes tell of themselves."""

import os
import subprocess
import sys

from bench import machine
from bench.meter import Meter, disk_usage


def test_the_machine_is_told(tmp_path):
    about = machine.about(tmp_path)
    assert about["cores"] >= 1
    assert about["fsync_ms"] > 0
    assert about["processor"] in machine.line(about)
    assert not list(tmp_path.iterdir())


def test_work_is_seen():
    before, own = machine.busy_seconds(), Meter(os.getpid()).cost().cpu
    while Meter(os.getpid()).cost().cpu - own < 0.1:
        sum(range(10_000))
    assert machine.busy_seconds() - before > 0.05


def test_children_count():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        meter = Meter(os.getpid())
        assert child.pid in meter.pids()
        assert meter.pss() > Meter(child.pid).pss() > 0
        child.communicate(b"\n")
    assert Meter(child.pid).pss() == 0


def test_what_a_folder_holds(tmp_path):
    assert disk_usage(tmp_path) == 0
    (tmp_path / "file").write_bytes(os.urandom(100_000))
    assert disk_usage(tmp_path) >= 100_000


def test_what_a_child_does_is_not_its_parents_own():
    code = "import time\nwhile time.process_time() < 0.5: pass\nprint(flush=True)\ninput()"
    own, whole = Meter(os.getpid()).own_cost().cpu, Meter(os.getpid()).cost().cpu
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert Meter(os.getpid()).cost().cpu - whole >= 0.4
        assert Meter(os.getpid()).own_cost().cpu - own < 0.3
        child.communicate(b"\n")
