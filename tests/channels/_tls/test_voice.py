"""Of what a channel says and what is laid over it the worse is told, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from channels._tls.voice import Voice
from engine.channel import Health, HealthState
from tests.contracts.fakes import make_world

WARNED = Health(HealthState.DEGRADED, "the certificate ends in 3 days")


def test_the_worse_is_told_once(reactor: Any, tmp_path: Path) -> None:
    world = make_world(reactor, tmp_path)
    voice = Voice("it", world.services)
    voice.lay_over(WARNED)
    assert world.health == []
    voice.say(HealthState.UP)
    voice.say(HealthState.UP)
    voice.say(HealthState.DOWN, "away")
    voice.say(HealthState.UP)
    voice.lay_over(None)
    voice.lay_over(WARNED)
    voice.say(HealthState.STOPPED)
    up, stopped = Health(HealthState.UP), Health(HealthState.STOPPED)
    assert world.health == [WARNED, Health(HealthState.DOWN, "away"), WARNED, up, WARNED, stopped]
    assert voice.told == stopped
