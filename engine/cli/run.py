"""Run the daemon of a site until SIGTERM."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from engine import logs

if TYPE_CHECKING:
    from engine import wiring


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", metavar="DIR", type=Path, help="the state folder (default: WAYBILL_STATE or var/)")
    parser.add_argument("--web", metavar="HOST:PORT", help="screens and API (default: WAYBILL_WEB or 127.0.0.1:8080)")
    parser.add_argument("--band", choices=("DEMO", "TEST", "LIVE"), default="LIVE", help="the band on every screen")
    parser.add_argument("--phone", metavar="URL", help="demonstration: where the simulated phone is")
    parser.add_argument(
        "--origin", metavar="URL", action="append", default=[],
        help="the public address behind a reverse proxy, for example https://waybill.example (or WAYBILL_ORIGINS)",
    )  # fmt: skip
    parser.add_argument("--name", default="", help="the site's name on every screen (default: its folder)")


def state_of(options: argparse.Namespace) -> Path:
    """The state folder: the option, the environment, or `var/` in the site."""
    chosen = options.state or os.environ.get("WAYBILL_STATE")
    return Path(chosen).resolve() if chosen else options.site.resolve() / "var"


def run(options: argparse.Namespace) -> int:
    logs.setup()
    from engine import wiring

    return wiring.run(daemon_options(options))


def daemon_options(options: argparse.Namespace) -> wiring.Options:
    """The command's options, filled up from the environment."""
    from engine import wiring

    web = options.web if options.web is not None else os.environ.get("WAYBILL_WEB", "127.0.0.1:8080")
    site = options.site.resolve()
    origins = tuple(options.origin or os.environ.get("WAYBILL_ORIGINS", "").split())
    return wiring.Options(site, state_of(options), web, options.band, options.name, options.phone, origins)
