"""What the peers say: their own logs and files, never our store. An order counts once everywhere, or the test fails."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyodbc


@dataclass(frozen=True)
class Counts:
    """Of one order. signatures: that the CA made; counting: those whose bytes the HIS accepted."""

    rows: int
    folders: int
    reports: int
    signatures: int
    counting: int
    accepted: int
    pushes: int
    """RegisterDocumentRt that came to the HIS, with those that it knew already."""


class Evidence:
    """Reads the peers' folder."""

    def __init__(self, peers: Path) -> None:
        self._peers = peers
        self.device = peers / "device.sqlite"
        self.folders = peers / "PatientData"

    def of(self, order: str) -> Counts:
        return self.of_all([order])[order]

    def of_all(self, orders: list[str]) -> dict[str, Counts]:
        rows, reports, signed, sent = self._rows(), self._reports(), self._signatures(), self._documents()
        folders = Counter(path.name for path in self.folders.glob("*/*") if path.is_dir())
        found = {}
        for order in orders:
            client = _client(order)
            wanted = {line["sha256"] for line in reports if line["client"] == client}
            made = [line for line in signed if line["sent"] in wanted]
            mine = [line for line in sent if line["order_id"] == order]
            accepted = [line for line in mine if line["accepted"]]
            hashes = {line["sha256"] for line in accepted}
            counting = sum(1 for line in made if line["signed"] in hashes)
            found[order] = Counts(
                rows[client], folders[client], len(list(self._pdfs(client))), len(made), counting, len(accepted),
                len(mine),
            )  # fmt: skip
        return found

    def accepted(self, order: str) -> bool:
        """Whether the HIS has the order's document: what a person at its screen would see."""
        return any(line["order_id"] == order and line["accepted"] for line in self._documents())

    def everything(self) -> dict[str, int]:
        """Totals, to find what belongs to no order."""
        return {
            "rows": self._rows().total(),
            "folders": sum(1 for path in self.folders.glob("*/*") if path.is_dir()),
            "half made": sum(1 for path in self.folders.rglob(".making-*")),
            "accepted": sum(1 for line in self._documents() if line["accepted"]),
        }

    def signed(self) -> int:
        """All signatures that the CA ever made."""
        return len(self._signatures())

    def different_ids(self, order: str) -> set[tuple[str, str]]:
        """MessageID and DocumentID of every attempt that reached the HIS."""
        mine = [line for line in self._documents() if line["order_id"] == order]
        return {(line["message_id"], line["document_id"]) for line in mine}

    def _rows(self) -> Counter[str]:
        connection = pyodbc.connect(f"DRIVER={{SQLite3}};Database={self.device};Timeout=5000;NoCreat=1")
        try:
            return Counter(str(row[0]) for row in connection.execute("SELECT [ClientID] FROM [Clients]").fetchall())
        finally:
            connection.close()

    def _pdfs(self, client: str) -> Iterator[Path]:
        for folder in self.folders.glob(f"*/{client}"):
            yield from (path for path in folder.rglob("*.pdf") if path.is_file())

    def _reports(self) -> list[dict[str, Any]]:
        return [line for line in _lines(self._peers / "device.jsonl") if line.get("act") == "report"]

    def _signatures(self) -> list[dict[str, Any]]:
        return [line for line in _lines(self._peers / "ca.jsonl") if "signature" in line]

    def _documents(self) -> list[dict[str, Any]]:
        return [line for line in _lines(self._peers / "his.jsonl") if line["operation"] == "RegisterDocumentRt"]


def _client(order: str) -> str:
    """The order's name at the device, for the ids of these tests."""
    return order.replace("|", "%7C")


def _lines(path: Path) -> list[dict[str, Any]]:
    """What is not written to its end yet is left out."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.endswith("}")]
