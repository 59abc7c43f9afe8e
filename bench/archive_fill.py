"""A store with very many filed documents and the text of their pages, written straight into its tables.

Texts are those of the simulated papers in three languages, with the patient's name and number, a number of their own on
every page, and words out of a long tail, so that the index has frequent and rare words as in a hospital.
"""

from __future__ import annotations

import os
import random
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from bench.papers import text as paper
from engine.store.database import Store
from records import words
from simulators.paper_text import KINDS, LANGUAGES, patient

PATIENT_DOCUMENTS = 20
HEAVY_DOCUMENTS = 1000
"""Of the one patient who is always in hospital."""
BATCH_DOCUMENTS = 100
TEMPLATES = 600
"""Different texts of a language and kind, before names and numbers."""
TAIL = 200_000
PIECE = 2000
NOW = 1_790_000_000_000
TAGS = {"en": "eng", "es": "spa", "zh": "chi_sim"}
DEPARTMENTS = ("medicine", "surgery", "cardiology", "radiology", "neurology", "pathology")
ALWAYS = {"public_id": "PHEAVY", "number": "0000000001"}


def fill(path: Path, documents: int, pages: int, tell: Callable[[int], None] = lambda _: None) -> None:
    """Make a new store with so many documents of so many pages."""
    store = Store(path, None, durable=False)
    store.open()
    store.close()
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA temp_store = MEMORY")
    db.execute("BEGIN")
    _around(db, documents)
    papers = _texts(documents, pages)
    for first in range(1, documents + 1, PIECE):
        last = min(documents, first + PIECE - 1)
        _documents(db, first, last, pages)
        _pages(db, first, last, pages, papers)
        tell(last)
    db.execute("COMMIT")
    db.execute("INSERT INTO page_find (page_find) VALUES ('optimize')")
    db.execute("ANALYZE")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    db.close()


def owner(document: int) -> int:
    """The patient of a document: the first has many, all others as many as each other."""
    return 1 if document % 97 == 0 and document <= 97 * HEAVY_DOCUMENTS else 2 + document // PATIENT_DOCUMENTS


def language(number: int) -> str:
    """Of a patient or document."""
    return LANGUAGES[number % 3]


def kind(document: int) -> str:
    """Of a document."""
    return KINDS[document * 7 % len(KINDS)]


def batch_of(document: int) -> int:
    """The batch that a document came in."""
    return document // BATCH_DOCUMENTS + 1


def rare(page: int) -> str:
    """The word that stands on this page alone."""
    return f"zq{page:x}k"


def _around(db: sqlite3.Connection, documents: int) -> None:
    """Patients, and batches with a file each."""
    people = []
    for number in range(1, owner(documents + PATIENT_DOCUMENTS) + 1):
        who = patient(language(number), number)
        known = ALWAYS if number == 1 else {"public_id": f"P{number:09}", "number": who.number}
        people.append((number, known["public_id"], known["number"], who.name, who.birth_date, who.sex, NOW, NOW))
    _insert(db, "patient", "id, public_id, number, name, birth_date, sex, created_at, updated_at", people, details="{}")
    batches = range(1, documents // BATCH_DOCUMENTS + 2)
    _insert(db, "batch", "id, public_id, created_at, changed_at", [(n, f"B{n}", NOW, NOW) for n in batches],
            state="filed", station="desk-1", title="", sides="one", languages="", code="", reason="",
            version=1)  # fmt: skip
    _insert(db, "scan_file", "id, key, batch, at", [(n, f"k{n}", n, NOW) for n in batches], station="desk-1",
            name="scan.tif", blob="0" * 64, size=1, content_type="image/tiff", state="joined", pages=0, taken=0,
            attempts=0, code="", reason="", meta="{}")  # fmt: skip


def _documents(db: sqlite3.Connection, first: int, last: int, pages: int) -> None:
    rows = [
        (n, f"D{n:012}", owner(n), kind(n), f"Document {n}", NOW + n, NOW + n, _day(n),
         DEPARTMENTS[n % len(DEPARTMENTS)], f"Dr {n % 50}", f"E{n // 3}", batch_of(n))
        for n in range(first, last + 1)
    ]  # fmt: skip
    names = "id, public_id, patient, kind, title, created_at, changed_at, date, department, author, episode, batch"
    _insert(db, "document", names, rows, blob="0" * 64, origin="scan", state="current", version=1, pages=pages,
            details="{}")  # fmt: skip
    _insert(db, "document_version", "document, at", [(n, NOW) for n in range(first, last + 1)], version=1,
            blob="0" * 64, form="searchable", checks="[]", pages=pages, attributes="{}", reason="")  # fmt: skip
    of = [(n, at, (n - 1) * pages + at) for n in range(first, last + 1) for at in range(1, pages + 1)]
    _insert(db, "document_page", "document, position, page", of, version=1)
    sheets = [
        (page, f"G{page}", batch_of(n), batch_of(n), page, page, owner(n), f"{page:064x}", NOW, NOW)
        for n, _, page in of
    ]
    names = "id, public_id, batch, file, number, position, patient, master, created_at, changed_at"
    _insert(db, "page", names, sheets, state="kept", reason="", media_type="image/jpeg", width=2480, height=3508,
            dpi=300, recipe="{}", flags="[]", codes="[]", skew=0.3, look="", assigned_how="label")  # fmt: skip


def _pages(db: sqlite3.Connection, first: int, last: int, pages: int, papers: Iterator[str]) -> None:
    places = zlib.compress(os.urandom(1500))  # as long as the places of the words of a page
    texts = list(
        zip(range((first - 1) * pages + 1, last * pages + 1), islice(papers, (last - first + 1) * pages), strict=True)
    )
    rows = [(n, text, TAGS[language((n - 1) // pages + 1)]) for n, text in texts]
    _insert(db, "page_text", "page, text, languages", rows, engine="tesseract 5", recipe="", words=places,
            confidence=90.0, same="", ms=2500, at=NOW)  # fmt: skip
    db.executemany("INSERT INTO page_find (rowid, text) VALUES (?, ?)", ((n, words.fold(text)) for n, text in texts))


def _day(document: int) -> str:
    """In no relation to its kind and language."""
    spread = zlib.crc32(b"%d" % document)
    return f"{2005 + spread % 21}-{spread // 21 % 12 + 1:02}-{spread // 252 % 28 + 1:02}"


def _texts(documents: int, pages: int) -> Iterator[str]:
    """The text of every page, in its order."""
    chance = random.Random(4)
    known: dict[tuple[str, str], list[str]] = {}
    for document in range(1, documents + 1):
        key = kind(document), language(document)
        if key not in known:
            known[key] = [paper(*key, seed, seed % 6, 0.005)[0] for seed in range(TEMPLATES // 10)]
        who = patient(key[1], owner(document))
        for place in range(pages):
            page = (document - 1) * pages + place + 1
            tail = " ".join(f"w{int(TAIL * chance.random() ** 3):x}" for _ in range(12))
            yield f"{chance.choice(known[key])}\n{who.name} {who.number} {rare(page)}\n{tail}\n{place + 1} / {pages}"


def _insert(db: sqlite3.Connection, table: str, names: str, rows: list[tuple[Any, ...]], **same: Any) -> None:
    """Rows with these columns, and others that are the same in all."""
    listed = ", ".join([names, *same])
    marks = ", ".join("?" * (names.count(",") + 1 + len(same)))
    fixed = tuple(same.values())
    db.executemany(f"INSERT INTO {table} ({listed}) VALUES ({marks})", (row + fixed for row in rows))  # noqa: S608 (ours)
