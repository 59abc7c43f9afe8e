"""An order's folder: below the root, whole, one run's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels._folder.make import AWAY, MARKER, NOT_OURS, ORDER, UNSAFE, inside, make_folder, make_root, parts
from engine.message import Refused, Unavailable


def test_a_folder_has_its_order_and_its_owner(tmp_path: Path) -> None:
    assert make_folder(tmp_path, "0009000001/175%7C%7C3125", "run-1", "自主神经检测")
    folder = tmp_path / "0009000001" / "175%7C%7C3125"
    assert (folder / ORDER).read_bytes() == "\ufefforder: 175||3125\r\nnote: 自主神经检测\r\n".encode()
    assert (folder / MARKER).read_text() == "run-1"
    assert sorted(entry.name for entry in folder.parent.iterdir()) == [folder.name]


def test_the_same_run_again_changes_nothing(tmp_path: Path) -> None:
    make_folder(tmp_path, "p/o", "run-1")
    (tmp_path / "p/o/report.pdf").write_bytes(b"x")
    assert not make_folder(tmp_path, "p/o", "run-1")
    assert (tmp_path / "p/o/report.pdf").read_bytes() == b"x"


def test_a_second_order_of_the_patient_has_its_own_folder(tmp_path: Path) -> None:
    assert make_folder(tmp_path, "p/o1", "run-1")
    assert make_folder(tmp_path, "p/o2", "run-2")


@pytest.mark.parametrize("there", ["another run's", "made by hand", "a file"])
def test_what_is_not_ours_is_refused(tmp_path: Path, there: str) -> None:
    (tmp_path / "p").mkdir()
    if there == "another run's":
        make_folder(tmp_path, "p/o", "run-1")
    elif there == "made by hand":
        (tmp_path / "p/o").mkdir()
    else:
        (tmp_path / "p/o").write_bytes(b"")
    with pytest.raises(Refused) as caught:
        make_folder(tmp_path, "p/o", "run-2")
    assert caught.value.code == NOT_OURS


def test_a_file_in_the_patients_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(b"")
    with pytest.raises(Refused) as caught:
        make_folder(tmp_path, "p/o", "run-1")
    assert caught.value.code == NOT_OURS


def test_what_a_kill_left_is_built_again(tmp_path: Path) -> None:
    """Killed while building: the rest is not taken for the folder, and the repeat makes it whole."""
    make_folder(tmp_path, "p/o", "run-1")
    (tmp_path / "p/o" / ORDER).unlink()
    from hashlib import sha256

    building = tmp_path / "p" / f".making-{sha256(b'run-1/o').hexdigest()[:16]}"
    (tmp_path / "p/o").rename(building)
    assert make_folder(tmp_path, "p/o", "run-1")
    assert (tmp_path / "p/o" / ORDER).exists()
    assert not building.exists()


@pytest.mark.parametrize(
    "path", ["", "/etc", "..", "a/../b", "a//b", "a/", ".hidden/b", "a\\b", "C:/x", "a/b|c", "a/b.", "a/\n", "x" * 201]
)
def test_unsafe_paths_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(Refused) as caught:
        make_folder(tmp_path, path, "run-1")
    assert caught.value.code == UNSAFE
    assert list(tmp_path.iterdir()) == []


def test_too_deep_is_refused() -> None:
    with pytest.raises(Refused, match="more than 8 parts"):
        parts("/".join("123456789"))


def test_no_link_is_followed(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (root / "p").symlink_to(elsewhere)
    for path in ("p/o", "p"):
        with pytest.raises(Refused) as caught:
            make_folder(root, path, "run-1")
        assert caught.value.code == UNSAFE
    with pytest.raises(Refused):
        inside(root, "p/o")
    assert list(elsewhere.iterdir()) == []


def test_a_share_that_is_away_is_unavailable_and_is_not_made(tmp_path: Path) -> None:
    root = tmp_path / "share"
    with pytest.raises(Unavailable) as caught:
        make_folder(root, "p/o", "run-1")
    assert caught.value.code == AWAY
    assert not root.exists()
    make_root(root)
    assert make_folder(root, "p/o", "run-1")
