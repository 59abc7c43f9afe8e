"""Damping: what holds begins after a while, what is gone ends after a while; what flaps in between does neither."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

Key = tuple[str, str, str]
"""Rule, word of the condition, subject."""
Keys = AbstractSet[Key]


@dataclass(frozen=True, slots=True)
class Change:
    """What begins and what ends now."""

    begins: tuple[Key, ...] = ()
    ends: tuple[Key, ...] = ()


@dataclass
class Damper:
    """In memory: after a restart what had not begun yet is timed anew, and what is open stays open."""

    _since: dict[Key, float] = field(default_factory=dict)
    _gone: dict[Key, float] = field(default_factory=dict)

    def judge(self, found: Keys, unknown: Keys, is_open: Keys, needed: Mapping[str, float], now: float) -> Change:
        """found: what holds. unknown: what nobody can tell now, which stays as it is. needed: seconds by rule; a rule
        that is not there is no rule any more. now: monotonic seconds."""
        begins = [key for key in sorted(found - is_open) if self._long(self._since, key, needed, now)]
        ends = [key for key in sorted(is_open - found - unknown) if self._long(self._gone, key, needed, now)]
        self._since = {key: at for key, at in self._since.items() if key in found and key not in is_open}
        self._gone = {key: at for key, at in self._gone.items() if key in is_open and key not in found}
        return Change(tuple(begins), tuple(ends))

    @staticmethod
    def _long(times: dict[Key, float], key: Key, needed: Mapping[str, float], now: float) -> bool:
        """Whether it is so long enough; the time begins when it is first asked."""
        return now - times.setdefault(key, now) >= needed.get(key[0], 0.0)
