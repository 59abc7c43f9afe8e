"""A certification authority that speaks the COSS style of REST, with a physician's phone.

    python -m simulators.ca --state DIR [--port 8092] [--phone approve|refuse|ignore|ask] [--log FILE]

Operations under `/coss/service/v1/`: queryUserInfo, addPdfSignJob, getSignResult, cancelSignJob. Every answer is
HTTP 200 with `{status, message, data}`. The root certificate lies in `DIR/root.pem`, the shared secret in
`DIR/hmac.key` (made at first start unless `--key` or `--key-file` is given). A person decides at `/phone`.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import html
import json
import secrets
import sys
import textwrap
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from simulators.ca_jobs import DECISIONS, Clerk, Job, Log
from simulators.ca_keys import Authority, write_durable
from simulators.ca_sign import HOSTILE, Seal

BASE = "/coss/service/v1/"
MAX_BODY = 64 * 1024 * 1024
OK = "200"


class Fault(Exception):
    """An answer with a status other than 200."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def request_text(fields: dict[str, Any], nested: str) -> str:
    """The text under the HMAC: no `signature`, no nulls, keys in ASCII order, `k=v` joined with `&`."""

    def write(value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, dict | list):
            compact = (",", ":")
            return json.dumps(value, ensure_ascii=False, separators=compact, sort_keys=nested == "sorted")
        return str(value)

    kept = {key: value for key, value in fields.items() if key != "signature" and value is not None}
    return "&".join(f"{key}={write(kept[key])}" for key in sorted(kept))


class Service:
    """The interface's operations, called with the request's fields."""

    def __init__(self, clerk: Clerk, key: bytes, users: dict[str, str], options: argparse.Namespace) -> None:
        self.clerk = clerk
        self._app_id = str(options.app_id)
        self._key = key
        self._users = users
        self._any_user = bool(options.any_user)
        self._nested = str(options.nested)
        self._minute = float(options.minute)
        self._operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "queryUserInfo": self.query_user_info,
            "addPdfSignJob": self.add_pdf_sign_job,
            "getSignResult": self.get_sign_result,
            "cancelSignJob": self.cancel_sign_job,
        }

    def answer(self, operation: str, body: bytes) -> dict[str, Any]:
        """`{status, message, data}` of one call; the effect is durable and logged when it returns."""
        data: dict[str, Any] = {}
        status, message = OK, "success"
        try:
            fields = self._checked(body)
            data = self._operation(operation)(fields)
        except Fault as fault:
            status, message = fault.status, fault.message
        self.clerk.log.call(operation, status, str(data.get("signDataId", "")), str(data.get("jobStatus", "")))
        return {"status": status, "message": message, "data": data}

    def _operation(self, operation: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        found = self._operations.get(operation)
        if found is None:
            raise Fault("404", "no such operation")
        return found

    def _checked(self, body: bytes) -> dict[str, Any]:
        try:
            fields = json.loads(body)
        except ValueError:
            raise Fault("400", "the body is not JSON") from None
        if not isinstance(fields, dict):
            raise Fault("400", "the body is not an object")
        if fields.get("appId") != self._app_id:
            raise Fault("401", "unknown appId")
        if fields.get("signAlgo") not in ("HMAC", "HMACSHA256"):
            raise Fault("400", "signAlgo is neither HMAC nor HMACSHA256")
        digest = hmac.new(self._key, request_text(fields, self._nested).encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(base64.b64encode(digest).decode(), str(fields.get("signature"))):
            raise Fault("401", "the signature does not match")
        return fields

    def query_user_info(self, fields: dict[str, Any]) -> dict[str, Any]:
        staff = _text(fields, "uniqueId")
        if staff not in self._users:
            if not self._any_user:
                raise Fault("404", "no such user")
            self._users[staff] = default_user_id(staff)
        return {"userId": self._users[staff]}

    def add_pdf_sign_job(self, fields: dict[str, Any]) -> dict[str, Any]:
        user = _text(fields, "userId")
        if user not in self._users.values():
            raise Fault("404", "no such userId")
        try:
            pdf = base64.b64decode(_text(fields, "pdfFileStr"), validate=True)
        except ValueError:
            raise Fault("400", "pdfFileStr is not Base64") from None
        if not pdf.startswith(b"%PDF-"):
            raise Fault("400", "pdfFileStr is not a PDF")
        minutes = int(_text(fields, "expiryDate"))
        job = self.clerk.add(user, _text(fields, "title"), minutes * self._minute, _seal(fields), pdf)
        return {"signDataId": job.id}

    def get_sign_result(self, fields: dict[str, Any]) -> dict[str, Any]:
        job = self._job(fields)
        data: dict[str, Any] = {"signDataId": job.id, "jobStatus": job.state}
        if job.state == "FINISH":
            # lines of 76 characters, as such servers write them
            text = base64.b64encode(self.clerk.signed(job)).decode()
            data["composePdf"] = "\r\n".join(textwrap.wrap(text, 76))
            data["cert"] = self.clerk.certificate(job)
        return data

    def cancel_sign_job(self, fields: dict[str, Any]) -> dict[str, Any]:
        job = self._job(fields)
        if not self.clerk.decide(job.id, "cancel"):
            raise Fault("409", f"the job is {job.state}")
        return {"signDataId": job.id, "jobStatus": "CANCEL"}

    def _job(self, fields: dict[str, Any]) -> Job:
        job = self.clerk.job(_text(fields, "signDataId"))
        if job is None:
            raise Fault("404", "no such job")
        return job


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise Fault("400", f"{name} is missing")
    return str(value)


def _seal(fields: dict[str, Any]) -> Seal | None:
    rule = fields.get("coordOfRuleInfo")
    if rule is None:
        return None
    try:
        return Seal(*(round(float(rule[name])) for name in ("pageNo", "left", "bottom", "right", "top")))
    except (KeyError, TypeError, ValueError):
        raise Fault("400", "coordOfRuleInfo needs pageNo, left, bottom, right, top") from None


def default_user_id(staff_number: str) -> str:
    """The userId of a staff number unless `--user STAFFNO=USERID` says another."""
    return f"U-{staff_number}"


PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="3"><title>Phone</title>
<style>body{{font:16px sans-serif;max-width:26em;margin:2em auto}}li{{margin:1em 0}}button{{font-size:1em}}</style>
<h1>Phone of the physician</h1><p>Simulator: approve or refuse what the CA was asked to sign.</p><ul>{jobs}</ul>"""
ROW = """<li><b>{title}</b> ({user}, {size} bytes)<form method="post">
<button formaction="/phone/{id}/approve">Approve</button> <button formaction="/phone/{id}/refuse">Refuse</button>
</form></li>"""


class Handler(BaseHTTPRequestHandler):
    """HTTP around the service; one thread a connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    service: Service

    def do_GET(self) -> None:
        if self.path != "/phone":
            self._send(404, b"not found", "text/plain")
            return
        rows = "".join(
            ROW.format(title=html.escape(job.title), user=html.escape(job.user_id), size=job.size, id=job.id)
            for job in self.service.clerk.waiting()
        )
        self._send(200, PAGE.format(jobs=rows or "<li>nothing to sign</li>").encode(), "text/html; charset=utf-8")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_BODY:
            self.close_connection = True
            self._send(413, b"too large, or no Content-Length", "text/plain")
            return
        body = self.rfile.read(int(length))
        if self.path.startswith(BASE):
            self._json(self.service.answer(self.path[len(BASE) :], body))
        elif self.path.startswith("/phone/"):
            self._phone(self.path.split("/")[2:])
        elif self.path.startswith("/hostile"):
            self._hostile(self.path.removeprefix("/hostile").strip("/"))
        else:
            self._send(404, b"not found", "text/plain")

    def _phone(self, parts: list[str]) -> None:
        if len(parts) != 2 or parts[1] not in DECISIONS:
            self._send(404, b"not found", "text/plain")
        elif not self.service.clerk.decide(*parts):
            self._send(409, b"this job does not wait", "text/plain")
        elif "text/html" in self.headers.get("Accept", ""):
            self.send_response(303)
            self.send_header("Location", "/phone")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._json({"done": parts[1]})

    def _hostile(self, mode: str) -> None:
        if mode and mode not in HOSTILE:
            self._send(404, b"no such mode", "text/plain")
            return
        self.service.clerk.hostile = mode
        self._json({"hostile": mode})

    def _json(self, value: dict[str, Any]) -> None:
        self._send(200, json.dumps(value, ensure_ascii=False).encode(), "application/json;charset=UTF-8")

    def _send(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing: `--log` has every call."""


def _key(options: argparse.Namespace, state: Path) -> bytes:
    if options.key:
        return str(options.key).encode()
    path = Path(options.key_file) if options.key_file else state / "hmac.key"
    if not path.exists():
        write_durable(path, secrets.token_urlsafe(32).encode())
    return path.read_bytes().strip()


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="simulators.ca", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    made.add_argument("--port", type=int, default=8092, help="0: any free port")
    made.add_argument("--state", type=Path, required=True, help="folder of keys and jobs")
    made.add_argument("--log", type=Path, help="a JSON line per call and per signature (default DIR/calls.jsonl)")
    made.add_argument("--app-id", default="demo")
    made.add_argument("--key", default="", help="the shared secret (tests only)")
    made.add_argument("--key-file", default="", help="file with the shared secret")
    made.add_argument("--user", action="append", default=[], metavar="STAFFNO[=USERID]", help="default D9001=U-D9001")
    made.add_argument("--any-user", action="store_true", help="make users that are asked for")
    made.add_argument("--algorithm", choices=("rsa", "ecdsa"), default="rsa")
    made.add_argument("--nested", choices=("json", "sorted"), default="json", help="objects inside the signed text")
    made.add_argument("--phone", choices=("approve", "refuse", "ignore", "ask"), default="ask")
    made.add_argument("--phone-delay", type=float, default=0.0, metavar="S")
    made.add_argument("--minute", type=float, default=60.0, metavar="S", help="seconds of a minute of expiryDate")
    made.add_argument("--hostile", choices=sorted(HOSTILE), default="", metavar="MODE", help=", ".join(sorted(HOSTILE)))
    made.add_argument("--kill-after-effect", type=int, default=0, metavar="N")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Serve until killed; prints `ready PORT`."""
    options = parser().parse_args(arguments)
    state: Path = options.state
    authority = Authority(state, options.algorithm)
    log = Log(options.log or state / "calls.jsonl", options.kill_after_effect)
    clerk = Clerk(state / "jobs", authority, log, options.phone, options.phone_delay)
    clerk.hostile = options.hostile
    pairs = (text.partition("=") for text in options.user or ["D9001"])
    users = {staff: user or default_user_id(staff) for staff, _, user in pairs}
    for user in users.values():
        authority.signer(user)
    Handler.service = Service(clerk, _key(options, state), users, options)
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    clerk.start()
    print(f"ready {server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
