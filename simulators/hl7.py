"""A neighbour that speaks HL7 v2 over MLLP: it takes messages into a log, and it sends some.

python -m simulators.hl7 serve --port 2576 --log var/hl7.jsonl [--dedupe] [--fail N] [--hang N] [--code AE]
python -m simulators.hl7 send --port 2575 [--type ADT^A04] [--count N] [--connections N] [--charset gb18030] [FILE ...]

Each message is one fsynced line of the log before its answer: `accepted` is the effect that tests count. Its patients
are invented.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import socketserver
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

START, END = b"\x0b", b"\x1c\x0d"
LIMIT = 64 * 1024 * 1024
CHARSETS = {"utf-8": "UNICODE UTF-8", "gb18030": "GB 18030-2000"}
TAKEN = ("AA", "CA")


@dataclass(frozen=True, slots=True)
class Options:
    """How this neighbour behaves. fail: the first messages so many times answered AE; hang: taken and not answered."""

    port: int = 2576
    log: Path | None = None
    dedupe: bool = False
    fail: int = 0
    hang: int = 0
    code: str = "AA"


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one message: MSA-1 and the rest of the answer. code is empty when none came."""

    control_id: str
    code: str
    answer: str = field(repr=False)
    seconds: float


class Neighbour:
    """What the neighbour knows: the messages it got, from its log on after a restart."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.messages: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._count = 0
        if options.log and options.log.exists():
            lines = options.log.read_text("utf-8").splitlines()
            self.messages = [json.loads(line) for line in lines if line.endswith("}")]

    def take(self, content: bytes) -> bytes | None:
        """The answer to one message; None: it hangs."""
        charset = "gb18030" if b"18030" in content.split(b"\r", 1)[0] else "utf-8"
        text = content.decode(charset, "replace")
        msh = text.split("\r", 1)[0].split("|")
        msh += [""] * (18 - len(msh))
        with self._lock:
            self._count += 1
            number = self._count
            code = "AR" if msh[0] != "MSH" else "AE" if number <= self.options.fail else self.options.code
            known = any(old["accepted"] and old["control_id"] == msh[9] for old in self.messages)
            duplicate = self.options.dedupe and known
            accepted = code in TAKEN and not duplicate
            self._write({"control_id": msh[9], "type": msh[8], "accepted": accepted, "duplicate": duplicate,
                         "code": code, "text": text})  # fmt: skip
        if number <= self.options.hang:
            return None
        if (msh[14] or msh[15]) and code[0] == "A":
            code = "C" + code[1]
        return acknowledgement(msh, code).encode(charset)

    def _write(self, entry: dict[str, Any]) -> None:
        entry = {"n": len(self.messages) + 1, "at": datetime.now().astimezone().isoformat(), **entry}
        self.messages.append(entry)
        if self.options.log:
            with self.options.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(entry, ensure_ascii=False) + "\n")
                log.flush()
                os.fsync(log.fileno())


class Listener(socketserver.ThreadingTCPServer):
    """Bound to loopback, and not yet serving."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, neighbour: Neighbour) -> None:
        self.neighbour = neighbour
        super().__init__(("127.0.0.1", neighbour.options.port), _Connection)


class _Connection(socketserver.BaseRequestHandler):
    server: Listener

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for content in frames(self.request):
                answer = self.server.neighbour.take(content)
                if answer is not None:
                    self.request.sendall(START + answer + END)
        except OSError:
            return  # the peer has gone: what it sent is in the log


def frames(peer: socket.socket) -> Iterator[bytes]:
    """The contents of the frames that come, until the peer ends."""
    buffer = b""
    while data := peer.recv(65536):
        buffer += data
        while END in buffer:
            frame, _, buffer = buffer.partition(END)
            yield frame.rpartition(START)[2]
        if len(buffer) > LIMIT:
            return


def acknowledgement(msh: list[str], code: str) -> str:
    """The answer to a message with this first segment."""
    now = datetime.now().strftime("%Y%m%d%H%M%S")  # noqa: DTZ005 (HL7 writes local time)
    head = ["MSH", "^~\\&", msh[4], msh[5], msh[2], msh[3], now, "", "ACK", uuid.uuid4().hex[:20], "P",
            msh[11] or "2.5"]  # fmt: skip
    head += ["", "", "", "", "", msh[17]] if msh[17] else []
    return "|".join(head) + f"\rMSA|{code}|{msh[9]}\r"


def message(kind: str = "ADT^A04", number: int = 1, charset: str = "utf-8") -> tuple[str, bytes]:
    """An invented message: its control id and its bytes. ADT^A40 merges patient `number - 1` into `number`."""
    control_id = uuid.uuid4().hex[:20].upper()
    now = datetime.now().strftime("%Y%m%d%H%M%S")  # noqa: DTZ005 (HL7 writes local time)
    family, given = "王李张刘陈"[number % 5], "安宁平康乐"[number // 5 % 5]
    sex, born = "FM"[number % 2], f"19{50 + number % 50}0{1 + number % 9}1{number % 9}"
    segments = [
        f"MSH|^~\\&|ADT|HOSPITAL|WAYBILL|ANS|{now}||{kind}|{control_id}|P|2.5||||||{CHARSETS[charset]}",
        f"EVN|{kind.partition('^')[2]}|{now}",
        f"PID|1||{900000 + number:08d}^^^HOSPITAL^MR||{family}^{given}||{born}|{sex}|||^^^^100000||13800000000",
        f"PV1|1|O|ANS^^^HOSPITAL||||||||||||||||V{number:06d}",
    ]
    if kind.startswith("ADT^A40"):
        # The patient before this one was the same all along.
        segments[3:] = [f"MRG|{900000 + number - 1:08d}^^^HOSPITAL^MR"]
    return control_id, ("\r".join(segments) + "\r").encode(charset)


def send(port: int, contents: list[tuple[str, bytes]], timeout: float = 10.0) -> list[Sent]:
    """Send the messages one after the other over one connection, each after the last one's answer."""
    done: list[Sent] = []
    with socket.create_connection(("127.0.0.1", port), timeout) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = frames(peer)
        for control_id, content in contents:
            began = time.monotonic()
            peer.sendall(START + content + END)
            try:
                answer = next(answers, b"").decode("gb18030" if b"18030" in content[:400] else "utf-8", "replace")
            except TimeoutError:
                answer = ""
            code = next((line.split("|")[1] for line in answer.split("\r") if line.startswith("MSA|")), "")
            done.append(Sent(control_id, code, answer, time.monotonic() - began))
            if not code:
                break
    return done


def serve(options: Options) -> None:
    """Listen on loopback and print `ready PORT`; ends with SIGTERM or Ctrl-C."""
    listener = Listener(Neighbour(options))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # every line of the log is on the disk
    print(f"ready {listener.server_address[1]}", flush=True)
    try:
        listener.serve_forever()
    except KeyboardInterrupt:
        listener.server_close()


def main(argv: list[str] | None = None) -> int:
    """`serve OPTIONS` or `send OPTIONS`; 0 when every message was taken."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["send"]:
        return _send(words[1:])
    serve(_serve_options(words[1:] if words[:1] == ["serve"] else words))
    return 0


def _serve_options(words: list[str]) -> Options:
    parser = argparse.ArgumentParser(
        "simulators.hl7", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--port", type=int, default=2576)
    parser.add_argument("--log", type=Path, help="append a JSON line per message")
    parser.add_argument("--dedupe", action="store_true", help="take a message control id once")
    parser.add_argument("--fail", type=int, default=0, help="answer the first N messages AE")
    parser.add_argument("--hang", type=int, default=0, help="take the first N messages and never answer")
    parser.add_argument("--code", choices=("AA", "AE", "AR"), default="AA", help="what is answered")
    return Options(**vars(parser.parse_args(words)))


def _send(words: list[str]) -> int:
    parser = argparse.ArgumentParser("simulators.hl7 send")
    parser.add_argument("--port", type=int, default=2575)
    parser.add_argument("--type", default="ADT^A04", help="message type, as ADT^A08")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--first", type=int, default=1, help="number of the first invented patient")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--charset", choices=sorted(CHARSETS), default="utf-8")
    parser.add_argument("files", nargs="*", type=Path, help="messages to send instead; line ends become segment ends")
    options = parser.parse_args(words)
    if options.files:
        made = [_from_file(path) for path in options.files]
    else:
        numbers = range(options.first, options.first + options.count)
        made = [message(options.type, number, options.charset) for number in numbers]
    shares = [made[start :: options.connections] for start in range(options.connections)]
    with ThreadPoolExecutor(options.connections) as pool:
        done = [sent for share in pool.map(lambda share: send(options.port, share), shares) for sent in share]
    for sent in done:
        print(f"{sent.control_id} {sent.code or 'no answer'} {sent.seconds * 1000:.1f} ms")
    return 0 if len(done) == len(made) and all(sent.code in TAKEN for sent in done) else 1


def _from_file(path: Path) -> tuple[str, bytes]:
    content = b"\r".join(path.read_bytes().strip().splitlines()) + b"\r"
    return (content.split(b"|", 10)[9].decode("ascii", "replace") if content.count(b"|") > 9 else ""), content


if __name__ == "__main__":
    sys.exit(main())
