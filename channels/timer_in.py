"""A message at set times: every so often, or at times of the day.

The body is JSON, `{"at": "2026-11-21T06:00:00+08:00", "missed": 0}`: the tick's time, and how many ticks before it were
missed; `$(body/at)` in a route. The tick's time is the message's identity, so a restart, or a clock that is set back,
makes no tick twice. `every` counts from midnight UTC on 1970-01-01, so `every: 15m` ticks at :00, :15, :30, :45.

A tick is missed when Waybill did not run, or the clock jumped over it. `missed: skip` leaves it out, `missed: once`
makes the latest of the missed ones at once. The last tick is kept in `var/timers/`.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

from channels._tls.voice import Voice
from engine.channel import Health, HealthState, Inbox, Services
from engine.message import Failure, Incoming, Refused
from engine.site.settings import Duration, option

NO_ROUTE = "WB-3110"
"""No route receives the ticks of a timer."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LOOK = 1.0
"""Seconds between two looks at the wall clock: it may jump while we wait."""
_LATE = 60.0
"""Seconds after its time in which a tick still counts as in time."""


@dataclass(frozen=True)
class Settings:
    """`{type: timer_in, every: 15m}` or `{type: timer_in, at: ['06:00', '18:00'], days: [mon, tue, wed, thu, fri]}`"""

    every: Duration | None = option("time from tick to tick, from 1s to 24h", default=None)
    at: tuple[str, ...] = option("times of the day, in this computer's zone", default=())
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = option(
        "days of the week that count for `at`; all when left out", default=()
    )
    operation: str = option("the operation that a route receives", default="tick")
    missed: Literal["skip", "once"] = option("what becomes of ticks that were missed", default="skip")

    def __post_init__(self) -> None:
        if (self.every is None) == (not self.at):
            raise ValueError("write `every` or `at`")
        if self.every is not None and not 1 <= self.every <= 86400:
            raise ValueError("`every` is from 1s to 24h")
        if self.every is not None and self.days:
            raise ValueError("`days` is for `at`")
        if not all(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text) for text in self.at):
            raise ValueError("`at` are times of the day: ['06:00', '18:30']")


def latest(settings: Settings, now: float) -> float:
    """The last tick's time at or before `now` (seconds since 1970); 0 when there is none in the last 8 days."""
    if settings.every is not None:
        return now - now % settings.every
    today = datetime.fromtimestamp(now).astimezone().date()
    found = 0.0
    for back in range(9):
        day = today - timedelta(days=back)
        if settings.days and _DAYS[day.weekday()] not in settings.days:
            continue
        for text in settings.at:
            hour, minute = map(int, text.split(":"))
            # An hour that the clocks skip comes when they have skipped it; one that comes twice, the first time.
            moment = datetime(day.year, day.month, day.day, hour, minute).timestamp()  # noqa: DTZ001 - local on purpose
            if found < moment <= now:
                found = moment
        if found:
            return found
    return found


def between(settings: Settings, last: float, tick: float) -> int:
    """How many ticks lie between the two, at most 1,000."""
    count, moment = 0, latest(settings, tick - 0.001)
    while moment > last and count < 1000:
        count, moment = count + 1, latest(settings, moment - 0.001)
    return count


class Channel:
    """A source without a peer: the clock."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        services: Services,
        now: Callable[[], float] = time.time,
        look: float = _LOOK,
    ) -> None:
        self.name = name
        self.settings = settings
        self.services = services
        self._now = now
        self._every_look = look
        self._voice = Voice(name, services)
        self._file = services.state / "timers" / f"{name}.json"
        self._last = 0.0
        self._inbox: Inbox | None = None
        self._running: Deferred[Any] | None = None
        self._ended: Deferred[None] | None = None

    @property
    def last(self) -> float:
        """The last tick that is over, in seconds since 1970."""
        return self._last

    async def start(self, inbox: Inbox) -> None:
        """Read when the last tick was, and wait for the next."""
        if self._inbox is not None:
            return
        self._inbox = inbox
        # Before its first start nothing was missed.
        self._last = await self.services.threads.run("timers", _read, self._file) or latest(self.settings, self._now())
        self._voice.say(HealthState.UP)
        self._ended = Deferred()
        self._running = self.services.spawn(f"{self.name} timer", self._run())

    async def stop(self) -> None:
        """Wait no more; a tick that is not durable is cut off, and comes again."""
        if self._inbox is None:
            return
        self._inbox = None
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
        if self._ended is not None:
            await self._ended
        self._voice.say(HealthState.STOPPED)

    async def probe(self) -> Health:
        """A clock is always there."""
        return Health(HealthState.UP)

    async def _run(self) -> None:
        try:
            while self._inbox is not None:
                await self._look()
                await deferLater(self.services.reactor, self._every_look)
        finally:
            if self._ended is not None and not self._ended.called:
                self._ended.callback(None)

    async def _look(self) -> None:
        now = self._now()
        tick = latest(self.settings, now)
        if self._last > now + _LATE:
            minutes = (self._last - now) / 60
            self._voice.say(HealthState.DEGRADED, f"the clock is {minutes:.0f} minutes before the last tick")
            return
        if tick <= self._last:
            self._voice.say(HealthState.UP)
            return
        if now - tick > _LATE and self.settings.missed == "skip":
            await self._keep(tick)
            return
        await self._tick(tick)

    async def _tick(self, tick: float) -> None:
        """Hand in one tick. What does not take it is asked again at the next look, until a later tick has come."""
        inbox = self._inbox
        if inbox is None:
            return
        moment = datetime.fromtimestamp(tick).astimezone().isoformat(timespec="seconds")
        missed = between(self.settings, self._last, tick) if self.settings.missed == "once" else 0
        body = json.dumps({"at": moment, "missed": missed}).encode()
        identity = (datetime.fromtimestamp(tick, UTC).isoformat(timespec="seconds"),)
        incoming = Incoming(self.name, self.settings.operation, body, "application/json", {}, identity)
        try:
            if self.settings.operation not in inbox.operations(self.name):
                raise Refused(NO_ROUTE, f"no route receives `{self.settings.operation}` of this timer")
            await inbox.accept(incoming)
        except CancelledError:
            raise
        except Failure as failure:
            self._voice.say(HealthState.DEGRADED, failure.reason)
            return
        except Exception as error:  # noqa: BLE001 - a bug is said and told, and the next tick is another chance
            self.services.spawn(f"{self.name} tick", _raise(error))
            self._voice.say(HealthState.DEGRADED, "an error of the engine while it took a tick")
            return
        await self._keep(tick)
        self._voice.say(HealthState.UP)

    async def _keep(self, tick: float) -> None:
        await self.services.threads.run("timers", _write, self._file, tick)
        self._last = tick


async def _raise(error: BaseException) -> None:
    raise error


def _read(file: Path) -> float:
    """Blocking: the last tick; 0 when there was none, or the file cannot be read."""
    try:
        found = json.loads(file.read_text())["last"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0
    return float(found) if isinstance(found, int | float) else 0.0


def _write(file: Path, tick: float) -> None:
    """Blocking: durable. A crash before it brings the same tick again, whose identity is known."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = file.with_suffix(".new")
    with new.open("w") as stream:
        stream.write(json.dumps({"last": tick}))
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)
