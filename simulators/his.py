"""A stand-in for the hospital information system: it takes `RegisterDocumentRt`, and it pushes orders.

python -m simulators.his --port 8091 --log var/his.jsonl --out var/his [--dedupe] [--fail N] [--hang N]
python -m simulators.his push order --url http://127.0.0.1:8081/his [--count N] [--layout b] ...

Each call is one fsynced line of the log before its answer: `accepted` is the effect that tests count.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import os
import re
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lxml import etree

from simulators.his_push import KINDS, Message, Pushed, build, push
from simulators.his_soap import TYPES, Incoming, NotUnderstood, read_call, write_answer, write_fault

__all__ = ["His", "Message", "Options", "Pushed", "build", "main", "push", "serve"]

DATA = Path(__file__).parent / "data"
LIMIT = 64 * 1024 * 1024
FIELDS = {
    "message_id": "MessageID",
    "document_id": "DocumentID",
    "order_id": "OEORIOrderItemID",
    "patient_id": "PATPatientID",
}


@dataclass(frozen=True, slots=True)
class Options:
    """How this HIS behaves. fail, hang: so many first documents; kill_after_effect: at the effect of that call.

    A document that hangs has its effect, and its answer never comes.
    """

    port: int = 8091
    log: Path | None = None
    out: Path | None = None
    dedupe: bool = False
    fail: int = 0
    hang: int = 0
    kill_after_effect: int = 0


class His:
    """What the HIS knows: the calls it got, from its log on after a restart."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.calls: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._documents = 0
        self._schema = etree.XMLSchema(etree.parse(DATA / "RegisterDocumentRt.xsd"))
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
        if options.log and options.log.exists():
            lines = options.log.read_text("utf-8").splitlines()
            self.calls = [json.loads(line) for line in lines if line.endswith("}")]

    def take(self, body: bytes) -> tuple[int, str, bytes] | None:
        """(status, content type, answer) of one request; None: no answer at all."""
        try:
            call = read_call(body)
        except NotUnderstood as error:
            with self._lock:
                self._write({"operation": "", "accepted": False, "duplicate": False, "why": str(error)})
            return 500, TYPES["1.1"], write_fault(str(error))
        with self._lock:
            code, content, hang = self._decide(call)
        return None if hang else (200, TYPES[call.version], write_answer(call, code, content))

    def _decide(self, call: Incoming) -> tuple[str, str, bool]:
        """(ResultCode, ResultContent, whether it hangs), after the effect and its log line."""
        entry: dict[str, Any] = {"operation": call.name, "code": call.code, "accepted": False, "duplicate": False}
        entry |= {word: call.text(name) for word, name in FIELDS.items()}
        if call.name != "RegisterDocumentRt":
            self._write(entry | {"accepted": True})
            return "0", "成功", False
        self._documents += 1
        number, pdf = self._documents, _pdf(call)
        why = self._wrong(call, pdf)
        if number <= self.options.fail:
            why = "系统忙 (told to fail)"
        elif not why and self.options.dedupe and self._known(entry):
            entry["duplicate"] = True
        if why:
            self._write(entry | {"why": why})
            return "-1", why, False
        entry |= {"accepted": not entry["duplicate"], "sha256": hashlib.sha256(pdf).hexdigest(), "size": len(pdf)}
        if entry["accepted"] and self.options.out:
            _durable(self.options.out / _file_name(entry["document_id"]), pdf)
        self._write(entry)
        if number == self.options.kill_after_effect:
            os.kill(os.getpid(), signal.SIGKILL)
        return "0", "成功", number <= self.options.hang

    def _wrong(self, call: Incoming, pdf: bytes) -> str:
        """Why the document is refused; empty when it is taken. Names fields, never values."""
        if not self._schema.validate(call.request):
            log: Any = self._schema.error_log
            error = log[0]
            path = re.sub(r"\[\d+\]", "", error.path or "").rpartition("/")[2]
            return f"{path}: {error.type_name}"
        if not pdf.startswith(b"%PDF-"):
            return "DocumentContent: not a PDF in Base64"
        return ""

    def _known(self, entry: dict[str, Any]) -> bool:
        return any(
            old["accepted"]
            and (old.get("document_id") == entry["document_id"] or old.get("message_id") == entry["message_id"])
            for old in self.calls
            if old["operation"] == "RegisterDocumentRt"
        )

    def _write(self, entry: dict[str, Any]) -> None:
        entry = {"n": len(self.calls) + 1, "at": datetime.now().astimezone().isoformat(), **entry}
        self.calls.append(entry)
        if self.options.log:
            with self.options.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(entry, ensure_ascii=False) + "\n")
                log.flush()
                os.fsync(log.fileno())

    def page(self) -> bytes:
        """The list of what came, newest first."""
        rows = "".join(_row(call, self.options.out is not None) for call in reversed(self.calls[-500:]))
        accepted = sum(1 for call in self.calls if call["accepted"])
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>HIS simulator</title>'
            "<style>body{font:16px system-ui;margin:2rem}td,th{padding:.3rem .7rem;border-bottom:1px solid #ccc;"
            "text-align:left}</style><h1>HIS simulator</h1>"
            f"<p>{len(self.calls)} calls, {accepted} accepted.</p><table><tr><th>#</th><th>time</th><th>operation</th>"
            f"<th>order</th><th>patient</th><th>document</th><th>result</th></tr>{rows}</table></html>"
        ).encode()

    def document(self, name: str) -> bytes | None:
        """An accepted PDF by its file's name."""
        folder = self.options.out
        if folder is None or name not in {_file_name(str(call.get("document_id", ""))) for call in self.calls}:
            return None
        path = folder / name
        return path.read_bytes() if path.is_file() else None


class HisServer(ThreadingHTTPServer):
    """The HTTP server on loopback, bound and not yet serving."""

    daemon_threads = True

    def __init__(self, his: His) -> None:
        self.his = his
        super().__init__(("127.0.0.1", his.options.port), _Requests)


class _Requests(BaseHTTPRequestHandler):
    server: HisServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or -1)
        if not 0 <= length <= LIMIT:
            self.close_connection = True
            self.reply(411 if length < 0 else 413, "text/plain", b"Content-Length\n")
            return
        answer = self.server.his.take(self.rfile.read(length))
        while answer is None:
            time.sleep(3600)  # told to hang: the caller gives up first
        self.reply(*answer)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/pdf/"):
            pdf = self.server.his.document(path.removeprefix("/pdf/"))
            self.reply(200 if pdf else 404, "application/pdf" if pdf else "text/plain", pdf or b"none\n")
        elif path == "/calls":
            self.reply(200, "application/json", json.dumps(self.server.his.calls).encode())
        else:
            self.reply(200, "text/html; charset=utf-8", self.server.his.page())

    def reply(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Calls are in the log file."""


def serve(options: Options) -> None:
    """Listen on loopback and print `ready PORT`; ends with SIGTERM or Ctrl-C."""
    server = HisServer(His(options))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # every line of the log is on the disk
    print(f"ready {server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


def main(argv: list[str] | None = None) -> int:
    """`[serve] OPTIONS`, `push KIND OPTIONS` or `KIND OPTIONS`; 0 when every push was answered ResultCode 0."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["push"]:
        words = words[1:]
    elif words[:1] == ["serve"] or words[:1] in ([], ["--help"], ["-h"]) or words[0] not in KINDS:
        serve(_serve_options(words[1:] if words[:1] == ["serve"] else words))
        return 0
    return _push(words)


def _serve_options(words: list[str]) -> Options:
    parser = argparse.ArgumentParser(
        "simulators.his", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8091)
    parser.add_argument("--log", type=Path, help="append a JSON line per call")
    parser.add_argument("--out", type=Path, help="folder for the accepted PDFs")
    parser.add_argument("--dedupe", action="store_true", help="accept a DocumentID or MessageID once")
    parser.add_argument("--fail", type=int, default=0, help="answer the first N documents -1")
    parser.add_argument("--hang", type=int, default=0, help="take the first N documents and never answer")
    parser.add_argument("--kill-after-effect", type=int, default=0, help="die between effect and answer of document N")
    return Options(**vars(parser.parse_args(words)))


def _push(words: list[str]) -> int:
    parser = argparse.ArgumentParser("simulators.his push")
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("--url", default="http://127.0.0.1:8081/his")
    parser.add_argument("--envelope", choices=("hip", "operation"), default="hip")
    parser.add_argument("--soap", choices=("1.1", "1.2"), default="1.1")
    for word in ("--count", "--connections", "--items"):
        parser.add_argument(word, type=int, default=1)
    for word in ("--retry", "--timeout"):
        parser.add_argument(word, type=float, default=30.0 if word == "--timeout" else 0.0)
    parser.add_argument("--layout", choices=("a", "b"), default="a")
    for word in ("--patient", "--name", "--order-id", "--message-id", "--visit", "--status"):
        parser.add_argument(word, default="")
    parser.add_argument("--field", action="append", default=[], type=_field, metavar="ELEMENT=TEXT", dest="fields")
    parser.add_argument("--json", action="store_true", help="one JSON line per message")
    options = vars(parser.parse_args(words))
    options["fields"] = tuple(options["fields"])
    as_json = options.pop("json")
    answers = push(**options)
    for answer in answers:
        line = f"{answer.message_id}  {answer.order_id}  HTTP {answer.http}  {answer.result or 'no answer'}"
        print(json.dumps(asdict(answer), ensure_ascii=False) if as_json else f"{line}  {answer.content}")
    return 0 if all(answer.ok for answer in answers) else 1


def _field(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError("ELEMENT=TEXT")
    return name, value


def _pdf(call: Incoming) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s", "", call.text("DocumentContent")), validate=True)
    except binascii.Error:
        return b""


def _file_name(document_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", document_id)[:100] + ".pdf"


def _durable(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _row(call: dict[str, Any], has_files: bool) -> str:
    name = _file_name(str(call.get("document_id", "")))
    words = [str(call.get(word, "")) for word in ("n", "at", "operation", "order_id", "patient_id")]
    document = escape(str(call.get("document_id", "")))
    if call["accepted"] and has_files and call["operation"] == "RegisterDocumentRt":
        document = f'<a href="/pdf/{name}">{document}</a>'
    result = "accepted" if call["accepted"] else "duplicate" if call["duplicate"] else str(call.get("why", ""))
    cells = "".join(f"<td>{escape(word)}</td>" for word in words)
    return f"<tr>{cells}<td>{document}</td><td>{escape(result)}</td></tr>"


if __name__ == "__main__":
    sys.exit(main())
