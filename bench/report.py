"""Results in words: a table for a terminal, a table for a page, and what was reached of what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bench import machine
from bench.flow import sound

PATHS = {
    "mllp": "MLLP in, three fields changed by a mapping table, MLLP out",
    "http": "HTTP in, checked by an XSD, XSLT, HTTP out",
    "soap": "SOAP in, checked by an XSD, XSLT, HTTP out",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of a row. title: for a page; short: for a terminal."""

    title: str
    short: str
    text: Callable[[dict[str, Any]], str]


COLUMNS = (
    Column("connections", "conn", lambda row: str(row["connections"])),
    Column("delivered/s", "deliv/s", lambda row: f"{row['delivered_per_s']:,.0f}"),
    Column("acknowledged/s", "acks/s", lambda row: f"{row['acks_per_s']:,.0f}"),
    Column("acknowledged p50 / p99 ms", "ack p50/p99", lambda row: _times(row, "ack")),
    Column("end to end p50 / p99 ms", "end p50/p99", lambda row: _times(row, "end")),
    Column("CPU s per 1,000: engine", "CPU/1000", lambda row: f"{row['cpu_s_per_1000']:.2f}"),
    Column("generator + sink", "gen+sink",
           lambda row: f"{row['generator_cpu_s_per_1000'] + row['sink_cpu_s_per_1000']:.2f}"),
    Column("KB written a message", "KB/msg", lambda row: f"{row['written_per_message'] / 1000:.1f}"),
    Column("KB kept a message", "kept", lambda row: f"{row['growth_per_message'] / 1000:.1f}"),
    Column("PSS MB", "PSS", lambda row: f"{row['pss_mb']}"),
    Column("fsync ms before", "fsync", lambda row: f"{row['fsync_ms']:.1f}"),
    Column("others' cores", "others", lambda row: f"{row['foreign_cores']:.2f}{' !' if row['disturbed'] else ''}"),
)  # fmt: skip


def _times(row: dict[str, Any], name: str) -> str:
    return f"{row[name + '_p50_ms']:.1f} / {row[name + '_p99_ms']:.1f}"


def header() -> str:
    return "  ".join(f"{column.short:>{_width(column)}}" for column in COLUMNS)


def line(row: dict[str, Any]) -> str:
    """A row for a terminal, with what is wrong about it."""
    text = "  ".join(f"{column.text(row):>{_width(column)}}" for column in COLUMNS)
    return f"{text}{''.join(f'  {fault}' for fault in faults(row))}"


def _width(column: Column) -> int:
    return 15 if "p50" in column.short else max(7, len(column.short))


def faults(row: dict[str, Any]) -> list[str]:
    """What must not be."""
    words = {
        "lost": "LOST",
        "doubled": "DOUBLED",
        "strange": "NEVER SENT",
        "spoilt": "NOT CHANGED",
        "refused": "refused",
    }
    return [f"{row[name]} {word}" for name, word in words.items() if row[name]]


def title(part: dict[str, Any]) -> str:
    """What was measured."""
    order = ", in order by patient" if part["ordered"] else ""
    return f"{PATHS[part['route']]}; {part['in_flight']} in flight to the peer{order}"


def lines(result: dict[str, Any]) -> Iterable[str]:
    """What stands below the rows on a terminal."""
    yield machine.line(result["machine"])
    for target in targets(result):
        yield target.line()
    if any(row["disturbed"] for part in result["parts"] for row in part["rows"]):
        yield "!  others used more than 0.3 of a core meanwhile: the figure says little about the engine"
    for part in result["parts"]:
        if "folder" in part:
            yield f"{part['route']}: everything is in {part['folder']}"


def table(part: dict[str, Any]) -> list[str]:
    """Markdown."""
    rows = [f"| {' | '.join(column.title for column in COLUMNS)} |", "|" + "---:|" * len(COLUMNS)]
    return rows + [f"| {' | '.join(column.text(row) for column in COLUMNS)} |" for row in part["rows"]]


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that is wanted, and the one that was reached."""

    what: str
    wanted: str
    reached: str
    good: bool
    disturbed: bool

    def line(self) -> str:
        verdict = "reached" if self.good else "NOT reached"
        return f"{verdict}: {self.what}: {self.reached} (wanted {self.wanted}){' !' if self.disturbed else ''}"


WANTED: tuple[tuple[int, str, str, str, float], ...] = (
    (32, "delivered a second at 32 connections", "delivered_per_s", "at least", 3000),
    (32, "acknowledgement p99 at 32 connections, ms", "ack_p99_ms", "at most", 25),
    (32, "CPU seconds per 1,000 at 32 connections", "cpu_s_per_1000", "at most", 0.4),
    (1, "acknowledgement p50 at 1 connection, ms", "ack_p50_ms", "at most", 2),
)
PSS = 220


def targets(result: dict[str, Any]) -> list[Target]:
    """Of the first MLLP to MLLP, on 2 cores that carry generator and sink too."""
    found = []
    for part in [one for one in result["parts"] if one["route"] == "mllp" and not one["ordered"]][:1]:
        for connections, what, name, sense, limit in WANTED:
            for row in part["rows"]:
                if row["connections"] == connections:
                    good = row[name] >= limit if sense == "at least" else row[name] <= limit
                    found.append(Target(what, f"{sense} {limit:,g}", f"{row[name]:,g}", good, row["disturbed"]))
        peak = max(row["pss_mb"] for row in part["rows"])
        found.append(Target("PSS of all processes, MB", f"under {PSS}", str(peak), peak < PSS, False))
    return found


def all_sound(result: dict[str, Any]) -> bool:
    """Whether no row has lost, doubled or spoilt a message."""
    return all(sound(row) for part in result["parts"] for row in part["rows"])
