"""Cancel runs for good: one by its id, or many. What they did stays done.

waybill cancel 0198c0de-... --note "ordered twice"
waybill cancel --route exam_report --in-state held         shows what would be done
waybill cancel --route exam_report --in-state held --yes
"""

from __future__ import annotations

import argparse

from engine.cli._acts import act_arguments, run_act


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which runs."""
    act_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """0 when all was done, 1 when something was refused."""
    return run_act("cancel", options, "runs.cancel", "cancel")
