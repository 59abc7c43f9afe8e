"""Make a document's PDF and check it at write; in a worker process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from records import pdf, pdfa

MOST_FINDINGS = 20
SEEN = 0.003
"""Parts of a page: a word that is smaller is a speck, and no reader needs to find it."""


def make(pages: Sequence[Mapping[str, Any]], out: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """As `pdf.make`, and `checks`: what keeps the file from being the PDF/A-2b that it should be."""
    answer = pdf.make(pages, out, options)
    texts = [number for number, page in enumerate(pages, 1) if page.get("words") and _has_words(page["words"])]
    return answer | {"checks": pdfa.check(out, texts)[:MOST_FINDINGS], "texts": len(texts)}


def _has_words(packed: bytes) -> bool:
    return any(
        word[2] > SEEN and word[3] > SEEN and any(character.isalnum() for character in str(word[5]))
        for word in pdf.words_of(packed)
    )
