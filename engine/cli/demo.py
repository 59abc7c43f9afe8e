"""Start the demonstration site with its simulators, and print a one-time link to sign in.

With `--once` nobody is needed: one order is pushed, its report signed on a phone that approves, and the signed report
is found again at the HIS. Exit status 0 only when all arrived.

Ports and files are those of the site's own connections; WAYBILL_WEB says where the screens are.
"""

from __future__ import annotations

import argparse
import signal
import sys


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="drive one order through without a browser, then end")
    parser.add_argument("--phone", choices=("ask", "approve", "refuse", "ignore"), help="what the simulated phone does")
    parser.add_argument("--no-order", action="store_true", help="do not push a first order into an empty site")


def run(options: argparse.Namespace) -> int:
    from engine.demo.once import drive
    from engine.demo.places import DemoFailed
    from engine.demo.stand import Stand

    stand = None
    try:
        stand = Stand(options.site.resolve(), options.phone or ("approve" if options.once else "ask"))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stand.end.set())
        stand.start()
        return drive(stand) if options.once else stand.stay(first_order=not options.no_order)
    except DemoFailed as error:
        sys.stderr.write(f"waybill demo: {error}\n")
        return 1
    finally:
        if stand is not None:
            stand.stop()
