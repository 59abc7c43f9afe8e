"""Who copies blobs holds them."""

from __future__ import annotations

from pathlib import Path

from engine.store.lease import BlobLease


def test_none_is_removed_while_somebody_copies(tmp_path: Path) -> None:
    with BlobLease(tmp_path).to_copy(), BlobLease(tmp_path).to_copy(), BlobLease(tmp_path).to_remove() as may:
        assert not may
    with BlobLease(tmp_path).to_remove() as may:
        assert may
