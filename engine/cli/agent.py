"""Give a Waybill engine the device's database and folders of this computer.

  waybill agent --new-config > agent.yaml            an example with comments
  waybill agent --config agent.yaml --pair           key, certificate and secret; what the engine's side needs
  waybill agent --config agent.yaml                  run, until Ctrl-C or the end of its service

docs/agent.md tells how it becomes a service of Windows.
"""

from __future__ import annotations

import argparse
import json
import logging
import logging.handlers
import os
import sys
from pathlib import Path
from typing import Any

FINDINGS = 1


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="FILE", type=Path, default=Path("agent.yaml"), help="default: agent.yaml")
    parser.add_argument("--log", metavar="FILE", type=Path, help="write here too: 5 files of 5 MB, the oldest goes")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--new-config", action="store_true", help="print a commented example")
    what.add_argument("--pair", action="store_true", help="make key, certificate and secret beside the configuration")
    parser.add_argument(
        "--name", metavar="HOST", action="append", default=[],
        help="with --pair: name or address under which the engine calls this computer (may repeat)",
    )  # fmt: skip
    parser.add_argument("--again", action="store_true", help="with --pair: replace a pairing that is there")


def run(options: argparse.Namespace) -> int:
    if options.new_config:
        from engine.cli._agent import EXAMPLE

        sys.stdout.write(EXAMPLE)
        return 0
    return _pair(options) if options.pair else _serve(options)


def _pair(options: argparse.Namespace) -> int:
    from channels._agent.pair import Paired, pair

    folder = options.config.absolute().parent
    try:
        made = pair(folder, options.name, again=options.again)
    except Paired:
        sys.stderr.write(f"waybill agent: {folder} is paired already; `--again` replaces key, certificate and secret\n")
        return FINDINGS
    except (OSError, ValueError) as error:
        sys.stderr.write(f"waybill agent: not paired: {error}\n")
        return FINDINGS
    if options.json:
        told = {
            "certificate": made.certificate, "fingerprint": made.fingerprint, "names": made.names,
            "ends": made.ends.isoformat(), "secret": made.secret,
        }  # fmt: skip
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    else:
        sys.stdout.write(_told(made))
    return 0


def _told(made: Any) -> str:
    return (
        f"paired. names: {', '.join(made.names)}; the certificate ends on {made.ends:%Y-%m-%d}\n"
        f"SHA-256 {made.fingerprint}\n\n"
        "On the engine's computer, in the site's folder:\n\n"
        f"1. the file tls/agent.pem:\n\n{made.certificate}\n"
        f"2. the file secrets/agent_secret, mode 0600 (shown this once):\n\n{made.secret}\n\n"
        "3. in routes.yaml, at each connection:\n\n"
        f"  agent: {{url: 'https://{made.names[0]}:8443', secret: {{secret: agent_secret}}, "
        "tls: {ca: tls/agent.pem}}\n"
    )


def _serve(options: argparse.Namespace) -> int:
    _log_to(options.log)
    from twisted.internet import reactor as installed
    from twisted.internet.defer import Deferred

    from engine.cli import _agent
    from engine.message import Failure

    reactor: Any = installed
    path = options.config.absolute()
    agent = _agent.Agent(reactor, _agent.load(path), path.parent)
    ended: list[int] = []

    def failed(trouble: Any) -> None:
        known = trouble.check(Failure) is not None
        _agent.log.critical("the agent does not start: %s", trouble.value if known else trouble.type.__name__)
        ended.append(FINDINGS)
        if reactor.running:
            reactor.stop()

    def up(_: None) -> None:
        names = ", ".join(f"{name} ({one.kind})" for name, one in agent.served.items())
        _agent.log.info("the agent listens on port %d and serves %s", agent.server.port, names)

    def start() -> None:
        started: Deferred[None] = Deferred.fromCoroutine(agent.start())
        _ = started.addCallback(up).addErrback(failed)

    reactor.callWhenRunning(start)
    reactor.addSystemEventTrigger("before", "shutdown", lambda: Deferred.fromCoroutine(agent.stop()))
    reactor.run()
    return ended[0] if ended else 0


def _log_to(file: Path | None) -> None:
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if file is not None:
        rotating = logging.handlers.RotatingFileHandler(file, maxBytes=5 << 20, backupCount=4, encoding="utf-8")
        handlers.append(rotating)
    level = os.environ.get("WAYBILL_LOG", "INFO")
    logging.basicConfig(level=level, handlers=handlers, format="%(asctime)s %(levelname)s %(name)s %(message)s")
