"""The contract's own values."""

from __future__ import annotations

import dataclasses

import pytest

from engine.channel import Health, HealthState, SeenFile, Services, TakenFile


def test_health_is_compared_by_what_it_says() -> None:
    assert Health(HealthState.DOWN, "no route") == Health(HealthState.DOWN, "no route")
    assert Health(HealthState.DOWN, "no route") != Health(HealthState.DOWN, "refused")
    assert str(HealthState.DEGRADED) == "degraded"


@pytest.mark.parametrize("kind", [Health, SeenFile, TakenFile, Services])
def test_what_is_handed_over_is_frozen(kind: type) -> None:
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert {field.name for field in dataclasses.fields(kind)}


def test_whoever_listens_is_told_and_nobody_need_listen() -> None:
    told: list[set[str]] = []
    services = dict.fromkeys((field.name for field in dataclasses.fields(Services)), None)
    Services(**services | {"extra": {"notify": told.append}}).notify({"scan"})  # type: ignore[arg-type]
    Services(**services | {"extra": {}}).notify({"scan"})  # type: ignore[arg-type]
    assert told == [{"scan"}]
