"""Training on what clerks have decided, in a worker process: which kind each filed document is.

A share of the patients is held out: nothing of them is learnt, and the report is about their documents. Then all is
learnt. Only features that stand in the documents of several patients are kept, so no name is in a model.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from engine.message import Refused
from records.classifier import Model
from records.features import counted

TOO_FEW = "WB-8502"  # not enough decisions to learn from
LEAST_OF_A_KIND = 8
LEAST_KINDS = 2
MOST_FEATURES = 30_000
PATIENTS = 3
"""In the documents of so many patients a feature must stand."""
FOLDS = 4
HELD_OUT = 5
"""One patient of so many is held out for the report."""
PRECISION = 0.98
"""Of what the machine names by itself so much must be right, as far as the folds can tell."""
SURE = 0.6
NONE = -1
"""The label of what is of no kind."""
LIKE = (2, 0.85)
"""The gate: this percentile of the likeness of a kind's own texts, times this."""


@dataclass(frozen=True, slots=True)
class Example:
    """One decision. group: the patient; only that two have the same one counts."""

    kind: str
    group: str
    text: str


def train(source: str, target: str) -> dict[str, Any]:
    """Learn from the JSON lines of `source` (`{kind, group, text}`), write the model to `target`; the report."""
    began = time.monotonic()
    with Path(source).open(encoding="utf-8") as lines:
        examples = [Example(**json.loads(line)) for line in lines]
    examples, left_out = _enough(examples)
    groups = sorted({one.group for one in examples})
    held = {group for place, group in enumerate(groups) if place % HELD_OUT == HELD_OUT - 1}
    learnt = [one for one in examples if one.group not in held]
    report = judge(fit(learnt), [one for one in examples if one.group in held]) if _learnable(learnt) else {}
    Path(target).write_bytes(fit(examples).save())
    counts = Counter(one.kind for one in examples)
    return {
        **report, "documents": len(examples), "patients": len(groups), "by_kind": dict(sorted(counts.items())),
        "left_out": left_out, "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def _enough(examples: Sequence[Example]) -> tuple[list[Example], dict[str, int]]:
    counts = Counter(one.kind for one in examples)
    rare = {kind: count for kind, count in counts.items() if count < LEAST_OF_A_KIND}
    kept = [one for one in examples if one.kind not in rare]
    if len(set(counts) - set(rare)) < LEAST_KINDS or not _learnable(kept):
        raise Refused(TOO_FEW, f"at least {LEAST_KINDS} kinds must have {LEAST_OF_A_KIND} filed documents each")
    return kept, rare


def _learnable(examples: Sequence[Example]) -> bool:
    """Whether each kind is there for several patients, so that some can be set aside."""
    patients: defaultdict[str, set[str]] = defaultdict(set)
    for one in examples:
        patients[one.kind].add(one.group)
    return len(patients) >= LEAST_KINDS and all(len(mine) >= PATIENTS for mine in patients.values())


def fit(examples: Sequence[Example]) -> Model:
    """The model of these examples: learnt on all, calibrated on what folds say of texts that they have not seen."""
    counts = [counted(one.text) for one in examples]
    vocabulary = _vocabulary(examples, counts)
    weights = _weights(counts, vocabulary)
    matrix = _matrix(counts, vocabulary, weights)
    kinds = sorted({one.kind for one in examples})
    labels = np.array([kinds.index(one.kind) for one in examples])
    groups = np.array([one.group for one in examples])
    centres = _centres(matrix, labels, len(kinds))
    gates = _gates(matrix, labels, centres)
    matrix, labels, groups = _with_mixtures(matrix, labels, groups)
    unseen = _unseen(matrix, labels, groups, len(kinds))
    slopes, shifts = _calibrated(unseen, labels, len(kinds))
    coefficients, intercepts = _learn(matrix, labels, len(kinds))
    chances = 1 / (1 + np.exp(-(unseen * slopes + shifts)))
    thresholds = _thresholds(chances, labels, len(kinds))
    return Model(kinds, vocabulary, weights, coefficients, intercepts, slopes, shifts, thresholds, centres, gates)


def _with_mixtures(matrix: Any, labels: Any, groups: Any) -> tuple[Any, Any, Any]:
    """Halves of two kinds together are of no kind: without them every kind would claim half a page as its own."""
    chance = np.random.default_rng(1)
    left, right = chance.permutation(len(labels)), chance.permutation(len(labels))
    apart = labels[left] != labels[right]
    mixed = matrix[left[apart]] + matrix[right[apart]]
    lengths = np.sqrt(np.asarray(mixed.multiply(mixed).sum(axis=1)).ravel())
    mixed = diags(1 / np.where(lengths == 0, 1, lengths)).astype(np.float32) @ mixed
    of = [f"mixed {place % (2 * FOLDS)}" for place in range(mixed.shape[0])]
    return (
        vstack([matrix, mixed]).tocsr(), np.concatenate([labels, np.full(mixed.shape[0], NONE)]),
        np.concatenate([groups, np.array(of)]),
    )  # fmt: skip


def _vocabulary(examples: Sequence[Example], counts: Sequence[Counter[str]]) -> dict[str, int]:
    of: defaultdict[str, set[str]] = defaultdict(set)
    for one, features in zip(examples, counts, strict=True):
        for feature in features:
            if len(of[feature]) < PATIENTS:
                of[feature].add(one.group)
    documents = Counter(feature for features in counts for feature in features)
    shared = [feature for feature, patients in of.items() if len(patients) >= PATIENTS]
    kept = sorted(shared, key=lambda feature: (-documents[feature], feature))[:MOST_FEATURES]
    return {feature: place for place, feature in enumerate(sorted(kept))}


def _weights(counts: Sequence[Counter[str]], vocabulary: dict[str, int]) -> Any:
    """Inverse document frequency."""
    documents = np.zeros(len(vocabulary), dtype=np.float32)
    for features in counts:
        documents[[vocabulary[feature] for feature in features if feature in vocabulary]] += 1
    return (np.log((1 + len(counts)) / (1 + documents)) + 1).astype(np.float32)


def _matrix(counts: Sequence[Counter[str]], vocabulary: dict[str, int], weights: Any) -> csr_matrix:
    """A row of length 1 per document, as `Model.vector` makes it."""
    data: list[float] = []
    places: list[int] = []
    ends = [0]
    for features in counts:
        mine = {vocabulary[feature]: count for feature, count in features.items() if feature in vocabulary}
        row = np.array([1 + np.log(count) for count in mine.values()]) * weights[list(mine)]
        data += list(row / (np.linalg.norm(row) or 1))
        places += mine
        ends.append(len(places))
    return csr_matrix((np.array(data, dtype=np.float32), places, ends), shape=(len(counts), len(vocabulary)))


def _learn(matrix: Any, labels: Any, kinds: int) -> tuple[Any, Any]:
    """A question per kind: (coefficients, intercepts)."""
    coefficients = np.zeros((kinds, matrix.shape[1]), dtype=np.float32)
    intercepts = np.full(kinds, -10, dtype=np.float32)
    for kind in range(kinds):
        mine = labels == kind
        if mine.any() and not mine.all():
            one = LogisticRegression(C=8.0, class_weight="balanced", solver="liblinear").fit(matrix, mine)
            coefficients[kind], intercepts[kind] = one.coef_[0], one.intercept_[0]
    return coefficients, intercepts


def _unseen(matrix: Any, labels: Any, groups: Any, kinds: int) -> Any:
    """What models that have not seen a document, nor its patient, say of it."""
    scores = np.zeros((len(labels), kinds), dtype=np.float32)
    folds = StratifiedGroupKFold(min(FOLDS, len(set(groups))), shuffle=True, random_state=1)
    for known, new in folds.split(matrix, labels, groups):
        coefficients, intercepts = _learn(matrix[known], labels[known], kinds)
        scores[new] = matrix[new] @ coefficients.T + intercepts
    return scores


def _calibrated(scores: Any, labels: Any, kinds: int) -> tuple[Any, Any]:
    """Platt's method: a slope and a shift per kind that make its scores probabilities."""
    slopes, shifts = np.ones(kinds, dtype=np.float32), np.zeros(kinds, dtype=np.float32)
    for kind in range(kinds):
        one = LogisticRegression(C=10.0).fit(scores[:, [kind]], labels == kind)
        slopes[kind], shifts[kind] = max(float(one.coef_[0, 0]), 1e-3), float(one.intercept_[0])
    return slopes, shifts


def _thresholds(chances: Any, labels: Any, kinds: int) -> Any:
    """Per kind the least probability above which enough of what it names is right."""
    best, top = chances.argmax(axis=1), chances.max(axis=1)
    found = np.full(kinds, 0.9, dtype=np.float32)
    for kind in range(kinds):
        mine = best == kind
        for least in np.linspace(SURE, 0.99, 50):
            named = mine & (top >= least)
            if named.any() and (labels[named] == kind).mean() >= PRECISION:
                found[kind] = least
                break
    return found


def _centres(matrix: Any, labels: Any, kinds: int) -> Any:
    centres = np.vstack([np.asarray(matrix[labels == kind].mean(axis=0)).ravel() for kind in range(kinds)])
    lengths = np.linalg.norm(centres, axis=1, keepdims=True)
    return (centres / np.where(lengths == 0, 1, lengths)).astype(np.float32)


def _gates(matrix: Any, labels: Any, centres: Any) -> Any:
    percentile, part = LIKE
    likeness = np.asarray(matrix @ centres.T)
    return np.array(
        [part * np.percentile(likeness[labels == kind, kind], percentile) for kind in range(len(centres))],
        dtype=np.float32,
    )


def judge(model: Model, examples: Iterable[Example]) -> dict[str, Any]:
    """How the model does on texts that it has not seen.

    accuracy: the best kind is right, whether named or not. named: the share that it names by itself. precision: of
    those, the share that is right. top3: the right kind is among the three that are offered.
    """
    rows = [(one.kind, model.say(one.text)) for one in examples]
    first = [(kind, said.kinds[0][0] if said.kinds else "", said) for kind, said in rows]
    named = [(kind, best) for kind, best, said in first if not said.abstained]
    wrong = Counter((kind, best) for kind, best, _ in first if best != kind)
    return {
        "held_out": len(rows),
        "accuracy": _share(kind == best for kind, best, _ in first),
        "top3": _share(kind in [one for one, _ in said.kinds] for kind, _, said in first),
        "named": _share(not said.abstained for _, said in rows),
        "precision": _share(kind == best for kind, best in named),
        "kinds": {kind: _of_kind(kind, first) for kind in sorted({kind for kind, _, _ in first})},
        "confused": [[kind, best, count] for (kind, best), count in wrong.most_common(10)],
    }


def _of_kind(kind: str, rows: Sequence[tuple[str, str, Any]]) -> dict[str, Any]:
    mine = [(best, said) for own, best, said in rows if own == kind]
    return {
        "held_out": len(mine),
        "found": _share(best == kind for best, _ in mine),
        "named": _share(not said.abstained for _, said in mine),
    }


def _share(of: Iterable[bool]) -> float:
    found = list(of)
    return round(sum(found) / len(found), 4) if found else 0.0
