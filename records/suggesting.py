"""The worker's half of suggestions: the model, and the patterns of a site, on pages that were read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from records import rules, values
from records.classifier import Model, load
from records.suggest import unpacked

Pages = Sequence[tuple[str, str, bytes]]


def suggest(
    model: str, drafts: Sequence[tuple[int, str, Pages]], by_kind: Mapping[str, Sequence[dict[str, Any]]],
    thresholds: Mapping[str, float], departments: Mapping[str, Sequence[str]],
) -> dict[int, dict[str, Any]]:  # fmt: skip
    """`{draft: {kinds: [{code, probability}], abstained, why, values: [{name, value, page, box}]}}`.

    model: the path of a trained one; empty: none is there. by_kind: the rules of each kind, in their plain form. The
    values are looked for by the kind that a clerk said, else by the kind that the machine is sure of.
    """
    said = {}
    for key, kind, pages in drafts:
        text = "\n".join(text for _, text, _ in pages)
        found = _load(model).say(text, dict(thresholds)) if model else None
        sure = kind or (found.kinds[0][0] if found and not found.abstained else "")
        wanted = list(_usable(by_kind.get(sure, ())))
        said[key] = {
            "kinds": [{"code": code, "probability": chance} for code, chance in (found.kinds if found else [])],
            "abstained": found.abstained if found else True,
            "why": found.why if found else "nothing learnt yet",
            "values": values.found([(page, unpacked(words)) for page, _, words in pages], wanted, departments),
        }
    return said


def _usable(plain: Iterable[dict[str, Any]]) -> Iterator[rules.Rule]:
    """A list may have a pattern from before such ones were refused: the other values are looked for all the same."""
    for one in plain:
        with contextlib.suppress(ValueError):
            yield rules.of(one)


@lru_cache(maxsize=2)
def _load(path: str) -> Model:
    return load(path)
