"""Try again: the current step of a dead or held run, or an earlier step with --from; one run or many.

waybill retry 0198c0de-...                         the step at which it stopped
waybill retry 0198c0de-... --from order            from that step on: what it sent since then is sent again
waybill retry --in-state dead --code WB-3003       shows what would be done
waybill retry --in-state dead --code WB-3003 --yes
"""

from __future__ import annotations

import argparse

from engine.cli._acts import act_arguments, run_act


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which runs, and from where."""
    act_arguments(parser)
    parser.add_argument("--from", dest="start", metavar="STEP", default="", help="the current step or an earlier one")


def run(options: argparse.Namespace) -> int:
    """0 when all was done, 1 when something was refused."""
    if options.start:
        return run_act("retry", options, "resend.retry_from", "retry_from", step=options.start)
    return run_act("retry", options, "runs.retry", "retry")
