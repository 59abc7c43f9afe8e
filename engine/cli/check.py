"""Check a site where it will run: its text, files and rights, secrets, and whether its peers answer.

Binds no port and changes nothing outside, so it may run beside the daemon.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.cli.main import FINDINGS, GOOD, show_problems
from engine.registry import Registry
from engine.site.lint import lint
from engine.site.load import load_site
from engine.site.model import Site
from engine.site.secrets import SecretMissing, Secrets
from engine.transform import mapping

STATE = "WB-6030"  # the state folder cannot be used
SECRET = "WB-6031"  # noqa: S105 - a code: a secret is missing, or others can read it
PEER = "WB-6032"  # a peer does not answer, or refuses us


@dataclass(frozen=True)
class Line:
    """One thing that was looked at. code: empty when it is good."""

    what: str
    good: bool
    code: str = ""
    reason: str = ""

    def text(self) -> str:
        """For a person."""
        return f"{'good' if self.good else 'BAD '}  {self.what}" + (
            f": {self.code} {self.reason}".rstrip(": ") if self.reason else ""
        )


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `waybill check`."""
    parser.add_argument("--offline", action="store_true", help="do not try to reach the peers")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS", help="for each peer (default: 10)")


def run(options: argparse.Namespace) -> int:
    """0 when all is good, else 1."""
    registry = Registry()
    problems = lint(options.site, registry, mapping.load)
    if problems:
        show_problems(problems, options.json)
        return FINDINGS
    site = load_site(options.site, registry)
    lines = [Line("the site's text", True), state(site.folder), *secrets(site)]
    if not options.offline:
        lines += peers(site, registry, options.timeout)
    _show(lines, options.json)
    return GOOD if all(line.good for line in lines) else FINDINGS


def state(folder: Path) -> Line:
    """Whether the state folder, or the nearest folder above that exists, can be written."""
    wanted = Path(os.environ.get("WAYBILL_STATE") or folder / "var")
    existing = next(path for path in (wanted, *wanted.absolute().parents) if path.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Line(f"state folder {wanted}", True)
    return Line(f"state folder {wanted}", False, STATE, f"{existing} cannot be written by this user")


def secrets(site: Site) -> list[Line]:
    """Whether each secret is there, readable by us and by nobody else."""
    store = Secrets(site.folder)
    lines = []
    for name in site.secrets:
        try:
            store.get(name)
            lines.append(Line(f"secret {name}", True))
        except SecretMissing as error:
            lines.append(Line(f"secret {name}", False, SECRET, str(error)))
    return lines


def peers(site: Site, registry: Registry, timeout: float) -> list[Line]:
    """What each connection that can be asked says of itself."""
    from engine.probes import probe_all

    healths = probe_all(site, registry, timeout)
    return [
        Line(
            f"connection {name}",
            health.state in ("up", "degraded"),
            "" if health.state == "up" else PEER,
            health.reason,
        )
        for name, health in healths.items()
    ]


def _show(lines: list[Line], as_json: bool) -> None:
    if as_json:
        good = all(line.good for line in lines)
        sys.stdout.write(json.dumps({"good": good, "checks": [asdict(line) for line in lines]}, indent=2) + "\n")
        return
    for line in lines:
        sys.stdout.write(line.text() + "\n")
