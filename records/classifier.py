"""A trained classification of documents: kinds with probabilities, or nothing when it is not sure enough.

Each kind has a question of its own (is it this?), calibrated by itself, so a text of no known kind is improbable for
all of them. It abstains when the best kind is below its threshold, when the text is unlike what the kind was learnt
from, or when there is too little text. It never sees who the patient is. Plain numbers in a file: nothing in it runs.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.message import Refused
from records.features import counted

BAD_MODEL = "WB-8503"  # a file that is no model of this form
FORM = 1
TOP = 3
RIVAL = 0.15
"""Above this the second kind fits, too."""
LEAST = 12
"""Different known features below which a text says too little."""

Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Said:
    """What the model says of one text. kinds: the best three with their probabilities, best first."""

    kinds: list[tuple[str, float]]
    abstained: bool
    why: str = ""


@dataclass(frozen=True)
class Model:
    """`coefficients` and `centres`: a row per kind; `slopes`, `shifts`: its calibration; `gates`: least likeness."""

    kinds: list[str]
    vocabulary: dict[str, int]
    weights: Floats
    coefficients: Floats
    intercepts: Floats
    slopes: Floats
    shifts: Floats
    thresholds: Floats
    centres: Floats
    gates: Floats

    def say(self, text: str, thresholds: dict[str, float] | None = None) -> Said:
        """Kinds of one text. thresholds: a person's own, by kind."""
        vector, known = self.vector(text)
        if known < LEAST:
            return Said([], True, "too little text")
        chances = self.probabilities(vector)
        best = np.argsort(-chances)[:TOP]
        kinds = [(self.kinds[place], round(float(chances[place]), 4)) for place in best]
        first = int(best[0])
        least = (thresholds or {}).get(self.kinds[first], float(self.thresholds[first]))
        if chances[first] < least:
            return Said(kinds, True, "not sure enough")
        if len(best) > 1 and chances[best[1]] > RIVAL:
            return Said(kinds, True, "two kinds fit")
        if float(self.centres[first] @ vector) < float(self.gates[first]):
            return Said(kinds, True, "unlike what was learnt")
        return Said(kinds, False)

    def vector(self, text: str) -> tuple[Floats, int]:
        """The text as weights of the known features, of length 1, and how many different ones it has."""
        made: Floats = np.zeros(len(self.weights), dtype=np.float32)
        known = 0
        for feature, count in counted(text).items():
            place = self.vocabulary.get(feature)
            if place is not None:
                made[place] = (1 + np.log(count)) * self.weights[place]
                known += 1
        made /= np.float32(np.linalg.norm(made) or 1)
        return made, known

    def probabilities(self, vector: Floats) -> Floats:
        """For each kind by itself; they need not add up to 1."""
        scores = self.coefficients @ vector + self.intercepts
        return np.asarray(1 / (1 + np.exp(-(self.slopes * scores + self.shifts))), dtype=np.float32)

    def save(self) -> bytes:
        """As a file."""
        words = json.dumps({"form": FORM, "kinds": self.kinds, "vocabulary": list(self.vocabulary)})
        data = {name: getattr(self, name) for name in _ARRAYS}
        out = io.BytesIO()
        np.savez_compressed(out, words=np.frombuffer(words.encode(), dtype=np.uint8), **data)
        return out.getvalue()


_ARRAYS = ("weights", "coefficients", "intercepts", "slopes", "shifts", "thresholds", "centres", "gates")


def load(path: str | Path) -> Model:
    """A model of a file that `save` made. Raises `Refused` for anything else."""
    try:
        with np.load(path, allow_pickle=False) as file:
            words = json.loads(file["words"].tobytes())
            arrays: dict[str, Any] = {name: file[name].astype(np.float32) for name in _ARRAYS}
    except (OSError, ValueError, KeyError) as error:
        raise Refused(BAD_MODEL, f"the model cannot be read: {type(error).__name__}") from None
    if words.get("form") != FORM:
        raise Refused(BAD_MODEL, "the model is of another form; train again")
    vocabulary = {word: place for place, word in enumerate(words["vocabulary"])}
    shape = (len(words["kinds"]), len(vocabulary))
    if arrays["coefficients"].shape != shape or arrays["centres"].shape != shape:
        raise Refused(BAD_MODEL, "the model's parts do not fit each other")
    return Model(kinds=words["kinds"], vocabulary=vocabulary, **arrays)
