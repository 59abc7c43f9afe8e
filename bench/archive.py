"""An archive of many documents: tree, list and search as a person waits for them, memory, a new index.

python -m bench.archive [--documents 10000] [--pages 10] [--folder DIR] [--times 60] [--docs FILE] [--asked-only]

A daemon serves it; every question goes through HTTP with sign-in and audit. --folder: use the store that is there, or
make it there and leave it. --docs: write the figures into this page.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import archive_fill as made
from bench import machine
from bench.meter import Meter
from bench.plant import end
from bench.rig import free_port
from engine.ops.users import create_link
from engine.store.database import Store
from engine.store.schema import users
from simulators.paper_text import KINDS

ROOT = Path(__file__).resolve().parent.parent
SITE = """policies: {default: {first: 200ms, max: 30s, give_up: 10m}}
connections:
  records: {type: records}
routes: {}
"""
USUAL = "<!-- bench.archive -->", "<!-- /bench.archive -->"
MILLION = "<!-- bench.archive.million -->", "<!-- /bench.archive.million -->"
TARGET_MS, TARGET_MB, TARGET_REBUILT = 200.0, 500.0, 10_000.0
Ask = Callable[[random.Random], tuple[str, str, Any]]


WORDS = {
    "a frequent word": ["patient", "paciente", "date", "fecha", "the"],
    "one Chinese character": ["患", "者", "日", "血", "性", "院"],
    "two Chinese characters": ["患者", "出院", "血压", "诊断", "复查", "手术"],
    "a Chinese phrase": ["急诊收入院", "无药物过敏史", "未见实变影", "知情同意书", "腹腔镜胆囊切除术"],
    "an accented word": ["neumonía", "radiografia", "ANESTESIA", "lesión"],
    "two frequent words": ["patient date", "paciente fecha", "患 日", "and the"],
    "a phrase": ['"blood pressure was stable"', '"presión arterial"', '"no acute findings"'],
    "a word that is nowhere": ["xyzzyplugh", "qwertzuiop"],
    "the beginning of a word": ["pneumo*", "radiog*", "hyper*"],
}
RARE = {"kinds": ["ecg"], "departments": ["pathology"], "since": "2025-12-01", "until": "2025-12-28"}
TREE = "/api/v1/patients/{}/tree?by=department,kind,date"


def questions(documents: int, pages: int) -> Iterator[tuple[str, Ask]]:
    """Each kind: its name, and a question of it."""

    def owner(chance: random.Random) -> str:
        number = made.owner(chance.randrange(100, documents))
        return "PHEAVY" if number == 1 else f"P{number:09}"

    yield "tree of a patient", lambda chance: ("GET", TREE.format(owner(chance)), None)
    yield "tree of 1,000 documents", lambda _: ("GET", TREE.format("PHEAVY"), None)
    yield "list of a patient", lambda chance: search(patient=owner(chance))
    yield (
        "list by kind and year",
        lambda chance: search(
            kinds=[chance.choice(KINDS)], since=f"{chance.randint(2005, 2025)}-06-01", until="2025-12-31"
        ),
    )
    for name, texts in WORDS.items():
        yield name, lambda chance, texts=texts: search(text=chance.choice(texts))  # type: ignore[misc]
    yield "a word on one page", lambda chance: search(text=made.rare(chance.randrange(1, documents * pages)))
    yield "frequent word, rare filter", lambda _: search(text="patient", **RARE)
    yield "a word of one patient", lambda chance: search(text="patient", patient=owner(chance))
    yield "a word of 1,000 documents", lambda _: search(text="hospital", patient="PHEAVY")


def search(**body: Any) -> tuple[str, str, Any]:
    """A question for the search."""
    return "POST", "/api/v1/records/search", body


class Desk:
    """One person at one screen."""

    def __init__(self, port: int, token: str) -> None:
        self._link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"content-type": "application/json"}
        _, cookie = self._send("POST", "/api/v1/session/link", {"token": token})
        self._headers["cookie"] = cookie.split(";")[0]
        answer, _ = self._send("GET", "/api/v1/session", None)
        self._headers["x-csrf"] = answer["csrf"]

    def ask(self, method: str, path: str, body: Any) -> Any:
        return self._send(method, path, body)[0]

    def _send(self, method: str, path: str, body: Any) -> tuple[Any, str]:
        data = None if body is None else json.dumps(body).encode()
        self._link.request(method, path, data, self._headers)
        answer = self._link.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:200]!r}")
        return json.loads(text) if text else None, answer.headers.get("set-cookie", "")


@contextmanager
def served(folder: Path) -> Iterator[tuple[Desk, Meter]]:
    """A daemon on the store in `folder/var`."""
    (folder / "routes.yaml").write_text(SITE, "utf-8")
    port, token = free_port(), _token(folder / "var" / "waybill.sqlite")
    command = [
        sys.executable,
        "-m",
        "engine.cli",
        "run",
        "--site",
        folder,
        "--band",
        "TEST",
        "--web",
        f"127.0.0.1:{port}",
    ]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("WAYBILL_")}
    with (folder / "bench.log").open("ab") as log:
        daemon = subprocess.Popen(
            list(map(str, command)), cwd=ROOT, env={**environment, "WAYBILL_LOG": "WARNING"}, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _wait(port, daemon, folder)
            yield Desk(port, token), Meter(daemon.pid)
        finally:
            end(daemon)


def measure(desk: Desk, documents: int, pages: int, times: int, meter: Meter) -> dict[str, Any]:
    """Milliseconds of each kind of question, in turn, and the daemon's memory afterwards."""
    chance, took = random.Random(7), {}
    for name, ask in questions(documents, pages):
        desk.ask(*ask(chance))
        spent, found = [], 0
        for _ in range(times):
            asked = ask(chance)
            began = time.perf_counter()
            answer = desk.ask(*asked)
            spent.append((time.perf_counter() - began) * 1000)
            found += len(answer["items"]) if "items" in answer else answer["total"]
        cuts = statistics.quantiles(spent, n=20)
        took[name] = {
            "p50": round(statistics.median(spent), 1),
            "p95": round(cuts[18], 1),
            "found": round(found / times, 1),
        }
    return {"took": took, "daemon_mb": round(meter.own_pss(), 1), "all_mb": round(meter.pss(), 1)}


def rebuild(folder: Path, documents: int) -> dict[str, Any]:
    """The index anew, by the command, nobody else at work."""
    words = [sys.executable, "-m", "engine.cli", "reindex", "--state", folder / "var", "--json"]
    ran = subprocess.run(list(map(str, words)), cwd=ROOT, capture_output=True, text=True, check=True)
    seconds = json.loads(ran.stdout)["seconds"]
    return {"rebuild_s": seconds, "rebuilt_per_minute": round(documents / seconds * 60) if seconds else 0}


def main(words: Sequence[str]) -> int:
    """0 when all targets are reached."""
    options = _options(words)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="waybill-archive-"))
    store = folder / "var" / "waybill.sqlite"
    try:
        result: dict[str, Any] = {"documents": options.documents, "pages": options.pages, "fill_s": 0.0}
        if not store.exists():
            store.parent.mkdir(parents=True, exist_ok=True)
            began = time.monotonic()
            made.fill(
                store, options.documents, options.pages, lambda done: print(f"{done:,} documents", file=sys.stderr)
            )
            result["fill_s"] = round(time.monotonic() - began, 1)
        result |= {"store_mb": round(store.stat().st_size / 1e6), "machine": machine.about(folder)}
        with served(folder) as (desk, meter):
            result |= measure(desk, options.documents, options.pages, options.times, meter)
        if not options.asked_only:
            result |= rebuild(folder, options.documents)
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(lines(result)))
    if options.docs is not None:
        put(options.docs, lines(result), *(MILLION if options.documents >= 1_000_000 else USUAL))
    return 0 if all(reached for _, reached in targets(result)) else 1


def lines(result: dict[str, Any]) -> list[str]:
    """The figures as a page has them."""
    rows = [f"| {name} | {one['p50']} | {one['p95']} | {one['found']:g} |" for name, one in result["took"].items()]
    return [
        f"{datetime.now(UTC):%Y-%m-%d}; {machine.line(result['machine'])}, load {result['machine']['load']}.",
        "",
        f"{result['documents']:,} documents of {result['pages']} pages with text; store {result['store_mb']:,} MB.",
        "",
        "| question | p50 ms | p95 ms | found |",
        "|---|---:|---:|---:|",
        *rows,
        "",
        *(f"- {'reached' if good else 'NOT reached'}: {said}" for said, good in targets(result)),
    ]


def targets(result: dict[str, Any]) -> list[tuple[str, bool]]:
    """What is wanted, and whether it was reached."""
    worst = max(one["p95"] for one in result["took"].values())
    memory, whole = result["daemon_mb"], result["all_mb"]
    found = [
        (f"p95 of every question: at most {worst} ms (wanted under {TARGET_MS:g})", worst < TARGET_MS),
        (f"memory: daemon {memory} MB, with its workers {whole} MB (wanted under {TARGET_MB:g})", whole < TARGET_MB),
    ]
    if (rate := result.get("rebuilt_per_minute")) is not None:
        said = f"a new index: {rate:,} documents a minute (wanted over {TARGET_REBUILT:,.0f})"
        found.append((said, rate > TARGET_REBUILT))
    return found


def put(page: Path, said: Sequence[str], begin: str, finish: str) -> None:
    """Write these lines between two marks of a page."""
    text = page.read_text("utf-8")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(finish)
    if not after:
        raise SystemExit(f"{page} has no {begin} ... {finish}")
    page.write_text(before + begin + "\n" + "\n".join(said) + "\n" + finish + after, "utf-8")


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.archive", description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--times", type=int, default=60)
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--asked-only", action="store_true", help="no new index, which takes long")
    return parser.parse_args(words)


def _token(path: Path) -> str:
    """A link for somebody who reads records."""
    store = Store(path, None)
    store.open()
    at = int(time.time() * 1000)

    def person(conn: Any) -> str:
        name = f"bench{at}"
        conn.execute(users.insert().values(login=name, name="Bench", roles=["CL"], created_at=at))
        return create_link(conn, name, at)

    try:
        return store.write_now(person)
    finally:
        store.close()


def _wait(port: int, daemon: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and daemon.poll() is None:
        try:
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            link.request("GET", "/health/ready")
            if link.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit(f"the daemon is not ready; see {folder / 'bench.log'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
