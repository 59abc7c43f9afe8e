"""Order per key while all goes wrong: refusals of the lab, pauses, clean restarts and `kill -9`, by fixed seeds."""

from __future__ import annotations

import contextlib
import random
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from simulators import hl7
from tests.crash.children import until
from tests.crash.effort import times
from tests.crash.verbs_plant import VerbsPlant, verbs_plant

PATIENTS, EACH = 4, 12


class Sender(threading.Thread):
    """Sends a patient's messages one after the other, each again until it is taken."""

    def __init__(self, plant: VerbsPlant, patient: int) -> None:
        super().__init__(daemon=True)
        self._plant = plant
        self.names = [f"P{patient}N{number}" for number in range(EACH)]
        self.taken: list[str] = []
        self._patient = patient

    def run(self) -> None:
        for name in self.names:
            text = f"MSH|^~\\&|T|A|W|B|20260101||ADT^A08|{name}|P|2.5\rPID|1||P{self._patient}\r"
            code = ""
            while code != "AA":
                with contextlib.suppress(OSError):
                    code = self._plant.hl7_once(text)
            self.taken.append(name)


def shake(plant: VerbsPlant, chance: random.Random) -> None:
    """One thing that goes wrong."""
    match chance.choice(("kill", "restart", "no", "yes", "pause", "resume", "people", "people")):
        case "kill":
            plant.daemon.kill()
            plant.revive()
        case "restart":
            assert plant.daemon.end(60) == 0
            plant.start()
        case "no":
            plant.lab.options = replace(plant.lab.options, code="AE")
        case "yes":
            plant.lab.options = replace(plant.lab.options, code="AA")
        case "pause":
            plant.act("desk.pause", kind="connection", name="lab", by="op", note="a test")
        case "resume":
            plant.act("desk.resume", kind="connection", name="lab", by="op")
        case _:
            plant.people()


@pytest.mark.parametrize("seed", range(1, 1 + times(1, 5)))
def test_the_order_at_the_sink_is_each_patient_s(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with verbs_plant(tmp_path) as plant:
        senders = [Sender(plant, patient) for patient in range(PATIENTS)]
        for sender in senders:
            sender.start()
        for _ in range(10):
            shake(plant, chance)
        plant.act("desk.resume", kind="connection", name="lab", by="op")
        plant.lab.options = replace(plant.lab.options, code="AA")
        until(lambda: not any(sender.is_alive() for sender in senders), 120, lambda: f"{plant.open()}")
        until(lambda: _settled(plant), 120, lambda: f"open: {plant.open()}; {plant.daemon.tail()}")
        accepted = [str(one["control_id"]) for one in plant.lab.messages if one["code"] in hl7.TAKEN]
        for sender in senders:
            mine = [name for name in accepted if name in sender.names]
            assert mine == sender.names, "in order, each once, none lost"
        assert len(plant.rows("SELECT 1 FROM run")) == PATIENTS * EACH


def _settled(plant: VerbsPlant) -> bool:
    plant.people()
    return not plant.open()
