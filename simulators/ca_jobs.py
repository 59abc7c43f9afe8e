"""The CA simulator's jobs: durable, decided by a phone, signed once; and its log."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import signal
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from simulators.ca_keys import Authority, write_durable
from simulators.ca_sign import Seal, Wish, produce

DECISIONS = {"approve": "FINISH", "refuse": "REFUSE", "cancel": "CANCEL"}
EFFECTS = ("addPdfSignJob", "cancelSignJob")
TICK = 0.05


@dataclass(frozen=True)
class Job:
    """One PDF to be signed. state: WAIT FINISH REFUSE EXPIRE CANCEL. Times are seconds of the wall clock."""

    id: str
    user_id: str
    title: str
    made: float
    expires: float
    size: int
    seal: Seal | None = None
    state: str = "WAIT"


class Log:
    """One JSON line a call and a signature, on the disk before the answer. No title: it may name a patient."""

    def __init__(self, path: Path, kill_after: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._left = kill_after

    def call(self, operation: str, status: str, job: str, state: str) -> None:
        """After the effect and before the answer: here `--kill-after-effect` kills."""
        self.write(call=operation, status=status, job=job, state=state)
        if operation in EFFECTS and status == "200":
            with self._lock:
                self._left -= 1
                if self._left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

    def write(self, **fields: object) -> None:
        line = json.dumps({"at": time.time(), **fields}, ensure_ascii=False)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())


class Clerk:
    """Keeps the jobs under `folder`, and lets the phone decide those that wait."""

    def __init__(self, folder: Path, authority: Authority, log: Log, phone: str, delay: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = log
        self.hostile = ""
        self._folder = folder
        self._authority = authority
        self._phone = phone
        self._delay = delay
        self._lock = threading.RLock()
        self._jobs = {job.id: job for job in map(_read, folder.glob("*.json"))}

    def start(self) -> None:
        """The phone's own thread."""
        threading.Thread(target=self._watch, name="phone", daemon=True).start()

    def add(self, user_id: str, title: str, seconds: float, seal: Seal | None, pdf: bytes) -> Job:
        now = time.time()
        job = Job(secrets.token_hex(12), user_id, title, now, now + seconds, len(pdf), seal)
        write_durable(self._folder / f"{job.id}.pdf", pdf)
        self._keep(job)
        return job

    def job(self, job_id: str) -> Job | None:
        self._tick()
        return self._jobs.get(job_id)

    def waiting(self) -> list[Job]:
        self._tick()
        return sorted((job for job in self._jobs.values() if job.state == "WAIT"), key=lambda job: job.made)

    def decide(self, job_id: str, decision: str) -> bool:
        """False when there is no such job or it does not wait any more."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.state != "WAIT" or time.time() >= job.expires:
                return False
            if decision == "approve":
                self._sign(job)
            self._keep(replace(job, state=DECISIONS[decision]))
            return True

    def signed(self, job: Job) -> bytes:
        return (self._folder / f"{job.id}.signed").read_bytes()

    def certificate(self, job: Job) -> str:
        """Base64 of the signer's certificate (DER)."""
        identity = self._authority.signer(job.user_id)
        return base64.b64encode(identity.certificate.public_bytes(serialization.Encoding.DER)).decode()

    def _sign(self, job: Job) -> None:
        target = self._folder / f"{job.id}.signed"
        if target.exists():  # killed between the signature and the job's new state: it is signed once
            return
        pdf = (self._folder / f"{job.id}.pdf").read_bytes()
        signed = produce(Wish(pdf, self._authority, job.user_id, job.seal), self.hostile)
        write_durable(target, signed)
        sums = {"sent": hashlib.sha256(pdf).hexdigest(), "signed": hashlib.sha256(signed).hexdigest()}
        self.log.write(signature=job.id, user=job.user_id, hostile=self.hostile, **sums)

    def _watch(self) -> None:
        while True:
            self._tick()
            time.sleep(TICK)

    def _tick(self) -> None:
        now = time.time()
        with self._lock:
            for job in [job for job in self._jobs.values() if job.state == "WAIT"]:
                if now >= job.expires:
                    self._keep(replace(job, state="EXPIRE"))
                elif self._phone in DECISIONS and now >= job.made + self._delay:
                    self.decide(job.id, self._phone)

    def _keep(self, job: Job) -> None:
        write_durable(self._folder / f"{job.id}.json", json.dumps(asdict(job), ensure_ascii=False).encode())
        with self._lock:
            self._jobs[job.id] = job


def _read(path: Path) -> Job:
    fields = json.loads(path.read_bytes())
    seal = fields.pop("seal")
    return Job(**fields, seal=Seal(**seal) if seal else None)
