"""An export is whole and can be checked by anybody; what is damaged stops it."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from sqlalchemy import Connection, select

from engine.message import Refused
from engine.store.schema import document
from records import export, pdf
from tests.records import seed
from tests.records.filed import routed, scanned
from tests.records.pdf_pages import master, page


@pytest.fixture(name="items")
def fixture_items(conn: Connection, tmp_path: Path) -> list[dict[str, Any]]:
    owner = seed.patient(conn)
    scanned(conn, owner, title="Consentimiento", details={"n": "7"})
    routed(conn, owner)
    scanned(conn, owner, state="withdrawn")
    found = export.plan(conn, export.of_patient(conn, owner))
    for place, one in enumerate(found):
        path = tmp_path / f"{place}.pdf"
        pdf.make([page(master(tmp_path))] * (place + 1), str(path), {"title": str(place)})
        one |= {"path": str(path), "blob": hashlib.sha256(path.read_bytes()).hexdigest()}
    return found


def test_a_zip_has_a_manifest(items: list[dict[str, Any]], tmp_path: Path) -> None:
    answer = export.pack(items, str(tmp_path / "out.zip"), {"by": "ana", "at": "2026-11-20"})
    assert answer["documents"] == 2
    with zipfile.ZipFile(tmp_path / "out.zip") as found:
        manifest = json.loads(found.read("manifest.json"))
        assert (manifest["by"], len(manifest["documents"])) == ("ana", 2)
        for one in manifest["documents"]:
            assert hashlib.sha256(found.read(one["file"])).hexdigest() == one["sha256"]
    first = manifest["documents"][0]
    assert (first["title"], first["details"], first["patient"]["name"]) == ("Consentimiento", {"n": "7"}, "示例甲")


def test_one_pdf_of_all(items: list[dict[str, Any]], tmp_path: Path) -> None:
    assert export.join(items, str(tmp_path / "out.pdf"))["pages"] == 3
    with pikepdf.open(tmp_path / "out.pdf") as found, found.open_outline() as outline:
        assert [item.title for item in outline.root] == ["2026-03-01 Consentimiento", "ANS report"]
        assert len(found.pages) == 3


def test_what_is_damaged_or_missing_stops_it(items: list[dict[str, Any]], tmp_path: Path) -> None:
    out = str(tmp_path / "out.zip")
    with pytest.raises(Refused, match="damaged"):
        export.pack([items[0] | {"blob": "0" * 64}], out, {})
    with pytest.raises(Refused, match="missing"):
        export.pack([items[0] | {"path": str(tmp_path / "none")}], out, {})
    (tmp_path / "none").write_bytes(b"no pdf")
    with pytest.raises(Refused, match="cannot be read"):
        export.join([items[0] | {"path": str(tmp_path / "none")}], out)


def test_an_export_is_bounded(conn: Connection, items: list[dict[str, Any]]) -> None:
    rows = conn.execute(select(document)).all()
    with pytest.raises(Refused, match="this has 0"):
        export.plan(conn, [])
    with pytest.raises(Refused, match="from 1 to 1000"):
        export.plan(conn, list(rows) * 400)
