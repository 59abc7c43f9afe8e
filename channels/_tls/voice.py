"""A connection's word on its own health: told once per change, its certificate's trouble laid over it."""

from __future__ import annotations

from engine.channel import Health, HealthState, Services

_WORSE = {HealthState.STOPPED: 3, HealthState.DOWN: 2, HealthState.DEGRADED: 1}


class Voice:
    """`say` what the channel knows; `lay_over` what is known beside it. Of the two the worse is told."""

    def __init__(self, name: str, services: Services) -> None:
        self._name = name
        self._services = services
        self._said: Health | None = None
        self._over: Health | None = None
        self._told: Health | None = None

    @property
    def told(self) -> Health | None:
        """What was told last."""
        return self._told

    def say(self, state: HealthState, reason: str = "") -> None:
        """The channel's own state."""
        said = self._said
        if said is not None and said.state is state and said.reason == reason:
            return  # as with nearly every call
        self._said = Health(state, reason)
        self._tell()

    def lay_over(self, health: Health | None) -> None:
        """Trouble beside the channel's own state, or None when it is over."""
        self._over = health
        self._tell()

    def _tell(self) -> None:
        said, over = self._said, self._over
        if said is None:
            return
        worse = over is not None and _WORSE.get(over.state, 0) > _WORSE.get(said.state, 0)
        health = over if over is not None and worse else said
        if health != self._told:
            self._told = health
            self._services.health(self._name, health)
