"""Accepted SOAP orders per second with the whole route live, durable (FULL), at 1, 8 and 32 connections.

Each order is new: it is checked, stored, split, its patient kept, a row inserted through ODBC, a folder made, and it
waits for its report. The generator is a process on the same machine.
    python -m bench.soap_orders [--count N]
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.plant import ROOT, Plant, machine

ENVELOPE = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:d="http://www.dhcc.com.cn">'
    "<soapenv:Body><d:HIPMessageServer><d:input1>MES0138</d:input1><d:input2><![CDATA[{}]]></d:input2>"
    "</d:HIPMessageServer></soapenv:Body></soapenv:Envelope>"
)


def template(folder: Path) -> Path:
    """Layout A with one order item; message, patient and order numbered by `@N@`."""
    text = (ROOT / "tests/data/his/AddRisAppBillRt-layout-a.xml").read_text("utf-8").split("?>", 1)[1].strip()
    start, end = text.rindex("<OrderList>"), text.rindex("</OrderList>") + len("</OrderList>")
    text = text[:start].rstrip() + text[end:]
    text = text.replace("<MessageID>900001<", "<MessageID>@N@<").replace("900000011||1", "@N@||1")
    text = text.replace("0009000001", "P@N@")
    path = folder / "order.xml"
    path.write_text(ENVELOPE.format(text), "utf-8")
    return path


def measure(plant: Plant, path: Path, connections: int, count: int, first: int) -> dict[str, Any]:
    """One row: the load's own figures and the daemon's cost until every order waits for its report."""
    cpu, began = plant.cpu(), time.perf_counter()
    command = [sys.executable, "-m", "bench.load", "--port", str(plant.his), "--connections", str(connections),
               "--count", str(count), "--first", str(first), "--template", str(path)]  # fmt: skip
    row: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    accepted_at, peak = time.perf_counter(), plant.pss()
    while waiting(plant) < first - 1 + count:
        peak = max(peak, plant.pss())
        time.sleep(0.1)
    row["drain_s"] = round(time.perf_counter() - accepted_at, 1)
    row["whole_s"] = round(time.perf_counter() - began, 1)
    row["cpu_s_per_1000"] = round((plant.cpu() - cpu) * 1000 / count, 2)
    row["pss_mb"] = round(peak)
    return row


def waiting(plant: Plant) -> int:
    """Orders that have row and folder and wait for their report."""
    connection = sqlite3.connect(f"file:{plant.folder / 'var/waybill.sqlite'}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM wait WHERE kind = 'file'").fetchone()[0])
    finally:
        connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=3000, help="orders at 32 connections; fewer at 8 and 1")
    options = parser.parse_args()
    print(f"accepted SOAP orders/s, whole route live, synchronous=FULL; {machine()}")
    with tempfile.TemporaryDirectory(prefix="waybill-bench-") as folder:
        plant = Plant(Path(folder))
        print(f"start-up, empty store: {plant.start():.2f} s; PSS {plant.pss():.0f} MB")
        try:
            path, first = template(Path(folder)), 1
            for connections, share in ((1, 0.2), (8, 0.5), (32, 1.0)):
                count = max(100, int(options.count * share))
                print(json.dumps(measure(plant, path, connections, count, first)))
                first += count
            print(f"stop: {plant.stop():.2f} s; start-up with {first - 1} open orders: {plant.start():.2f} s")
        finally:
            plant.stop()


if __name__ == "__main__":
    main()
