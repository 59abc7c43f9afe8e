"""Send scanned files from a folder to Waybill, and keep them while the server is away.

For the computer of a scanner that cannot reach a shared folder. A file goes when nothing has written to it for a
second and it is whole by its content (PDF, JPEG, PNG, TIFF); it stays in the folder until the server has it with its
hash, and then goes to FOLDER/.sent. An upload that was cut off goes on where it was. What the server refuses goes to
FOLDER/.error with a text that says why.
  waybill scan-upload C:\\Scans --to https://waybill.example --token-file token --station admission
`waybill token add --name ... --station ...` on the server makes the token.
"""

from __future__ import annotations

import argparse
import json
import os
import ssl
import stat
import sys
import time
from collections import Counter
from pathlib import Path

from channels._folder import ends
from channels._folder.drop import Dropped, Drops
from channels._folder.scan import Limits
from channels._folder.tiff import BROKEN
from engine.cli._progress import Progress
from engine.cli._sending import Away, Server, Turned, send
from engine.cli.main import FINDINGS, GOOD, USAGE
from engine.message import Failure, Refused

SENT = ".sent"
POLL, LONGEST = 1.0, 60.0
"""Seconds between two looks; and at most, while the server is away."""
BAD_TOKEN_FILE = "WB-8621"  # noqa: S105 - a code
LARGEST = 2 << 30


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `waybill scan-upload`."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="where the scanner writes")
    parser.add_argument("--to", metavar="URL", required=True, help="the server, for example https://waybill.example")
    parser.add_argument("--token-file", metavar="FILE", type=Path, required=True, help="only you may read it")
    parser.add_argument("--station", metavar="CODE", required=True, help="which station this is")
    parser.add_argument("--once", action="store_true", help="send what is there, and end")
    parser.add_argument("--settle", metavar="SECONDS", type=float, default=1.0, help="quiet before a file goes")
    parser.add_argument("--marker", metavar=".END", default="", help="a file goes when FILE.END lies beside it")
    parser.add_argument("--ca", metavar="FILE", type=Path, help="the certificate that the server's is trusted by")
    parser.add_argument("--no-verify", action="store_true", help="do not verify the server's certificate: for tests")


def run(options: argparse.Namespace) -> int:
    """0 when everything was sent, 1 when something is left; without --once it runs until it is stopped."""
    if not options.folder.is_dir():
        sys.stderr.write("waybill scan-upload: there is no such folder\n")
        return USAGE
    try:
        server = Server(options.to, _token(options.token_file), _context(options))
    except Failure as error:
        sys.stderr.write(f"waybill scan-upload: {error.code} {error.reason}\n")
        return USAGE
    station = Station(options, server)
    try:
        return station.once() if options.once else station.forever()
    finally:
        server.close()


def _token(file: Path) -> str:
    try:
        if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise Refused(BAD_TOKEN_FILE, f"others can read {file}: chmod 600 {file}")
        text = file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise Refused(BAD_TOKEN_FILE, f"{file} cannot be read") from None
    if not text or any(not char.isprintable() for char in text):
        raise Refused(BAD_TOKEN_FILE, f"{file} holds no token")
    return text


def _context(options: argparse.Namespace) -> ssl.SSLContext | None:
    if options.no_verify:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    try:
        return ssl.create_default_context(cafile=options.ca) if options.ca else None
    except (OSError, ssl.SSLError):
        raise Refused(BAD_TOKEN_FILE, f"{options.ca} holds no certificate") from None


class Station:
    """One folder on its way to one server. counts: `sent known refused waiting`."""

    def __init__(self, options: argparse.Namespace, server: Server) -> None:
        self._options = options
        self._server = server
        limits = Limits(options.settle, 1, LARGEST)
        self._drops = Drops(options.folder, limits, options.marker, SENT)
        self._said: dict[str, str] = {}
        self.counts: Counter[str] = Counter()

    def once(self) -> int:
        """What is there now; a file that is being written is waited for no longer than `settle`."""
        self._drops.look(time.monotonic())
        time.sleep(self._options.settle)
        try:
            left = self._round()
        except (Away, Turned) as error:
            left = str(error)
        if self._options.json:
            sys.stdout.write(json.dumps({**self.counts, "left": left}) + "\n")
        elif left:
            sys.stderr.write(f"waybill scan-upload: {left}\n")
        return FINDINGS if left or self.counts["refused"] else GOOD

    def forever(self) -> int:
        """Until somebody stops it."""
        pause = POLL
        while True:
            try:
                self._round()
                pause = POLL
            except (Away, Turned) as error:
                self._say("", f"waits: {error}")
                pause = min(LONGEST, pause * 2)
            except OSError as error:
                self._say("", f"waits: the folder cannot be read ({error.strerror})")
                pause = min(LONGEST, pause * 2)
            else:
                self._said.pop("", None)
            time.sleep(pause)

    def _round(self) -> str:
        """Everything that is ready. Why something is left, or empty."""
        look = self._drops.look(time.monotonic())
        for file in look.ready.get("", ()):
            self._one(file)
        names = [path for path in look.present if "/" not in path]
        self.counts["waiting"] = sum((self._options.folder / name).exists() for name in names)
        return f"{self.counts['waiting']} files are not whole yet" if self.counts["waiting"] else ""

    def _one(self, file: Dropped) -> None:
        try:
            kind, reason = self._judge(file)
            if reason:
                self._drops.rest(file, time.monotonic())
                self._say(file.name, f"waits: {reason}")
                return
            with Progress(file.name) as bar:
                state = send(self._server, file.file, self._options.station, kind, bar)
            if not self._drops.unchanged(file):
                return  # its writer has gone on: what is there now is another file
            self._drops.finish([file])
        except Refused as refusal:
            self._drops.refuse(file, refusal.code, refusal.reason)
            self._unmark(file)
            self._say(file.name, f"refused: {refusal.code} {refusal.reason}")
            self.counts["refused"] += 1
        except FileNotFoundError:
            return
        else:
            self._unmark(file)
            self._say(file.name, state)
            self.counts[state] += 1

    def _judge(self, file: Dropped) -> tuple[str, str]:
        """Its content type, and why it is not whole yet."""
        kind = ends.kind(file.file)
        if self._options.marker:
            return ("" if kind == "unknown" else kind), ""
        if kind == "unknown":
            raise Refused(BROKEN, "it is no JPEG, PNG, TIFF or PDF")
        if not kind:
            return "", ends.nothing_yet(file.file)
        if kind == "application/pdf":
            from engine.transform.pdf import complete

            return kind, complete(str(file.file))
        return kind, ends.incomplete(file.file, kind)

    def _unmark(self, file: Dropped) -> None:
        if self._options.marker:
            Path(f"{file.file}{self._options.marker}").unlink(missing_ok=True)

    def _say(self, name: str, text: str) -> None:
        """Each change once."""
        if self._said.get(name) == text:
            return
        self._said[name] = text
        if text in ("sent", "known") or text.startswith("refused"):
            self._said.pop(name)
        if self._options.json:
            sys.stdout.write(json.dumps({"name": name, "state": text}, ensure_ascii=False) + "\n")
        else:
            sys.stdout.write(f"{name}: {text}\n" if name else f"{text}\n")
        sys.stdout.flush()
