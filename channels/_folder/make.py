"""Makes an order's folder: whole or not at all, below the root, and marked as one run's own. Blocking."""

from __future__ import annotations

import os
import re
import shutil
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

from engine.message import Refused, Unavailable
from engine.points import point

AWAY = "WB-3001"  # the folder, or the share that it is on, is not there
NOT_OURS = "WB-3005"  # the order's folder exists and is not this run's
UNSAFE = "WB-5011"  # the path could leave the root, or go through a link

ORDER = "order.txt"
MARKER = ".waybill"
"""Holds the id of the run that owns the folder."""
MAX_PARTS, MAX_PART = 8, 200


def make_root(root: Path, *, only_look: bool = False) -> None:
    """Make the root when it is missing (or only look), and see that it can be read and written."""
    if not only_look:
        root.mkdir(parents=True, exist_ok=True)
    if not root.is_dir():
        raise Unavailable(AWAY, "the folder is not there, or its share is away")
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        raise Unavailable(AWAY, "the folder may not be read and written by this user")


def make_folder(root: Path, path: str, owner: str, note: str = "") -> bool:
    """The folder `path` below the root, owned by `owner`; false when it was there already and is the owner's.

    It is built beside its place and renamed, so that it never stands there without its marker and `order.txt`.
    """
    make_root(root, only_look=True)
    *parents, name = parts(path)
    parent = root
    for part in parents:
        parent = parent / part
        _child(parent)
    folder = inside(root, path)
    if os.path.lexists(folder):
        return _must_be_ours(folder, owner)
    building = parent / f".making-{sha256(f'{owner}/{name}'.encode()).hexdigest()[:16]}"
    _build(building, owner, _order_text(name, note))
    point("folder.before_make")
    try:
        building.rename(folder)
    except OSError:
        shutil.rmtree(building, ignore_errors=True)
        if folder.is_dir():  # somebody was faster
            return _must_be_ours(folder, owner)
        raise
    sync(parent)
    point("folder.after_make")
    return True


def parts(path: str) -> list[str]:
    """The parts of a relative path with `/`; raises `Refused` for what the filter `filename` never makes."""
    found = path.split("/")
    for part in found:
        odd = any(char in '\\:*?"<>|' or ord(char) < 32 for char in part)
        if (
            not part
            or odd
            or reserved(part)
            or part.startswith(".")
            or part.endswith((".", " "))
            or len(part.encode()) > MAX_PART
        ):
            raise Refused(UNSAFE, "a part of the folder's path is no safe name (use `|filename`)")
    if len(found) > MAX_PARTS:
        raise Refused(UNSAFE, f"the folder's path has more than {MAX_PARTS} parts")
    return found


def reserved(name: str) -> bool:
    """Whether Windows takes this name, with whatever ending, for a device."""
    stem = name.partition(".")[0].rstrip(" ").upper()
    return stem in ("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$") or bool(re.fullmatch("(COM|LPT)[0-9¹²³]", stem))


def inside(root: Path, path: str) -> Path:
    """The absolute path, when no part of it that exists is a link; raises `Refused`."""
    place = root
    for part in parts(path):
        place = place / part
        if place.is_symlink():
            raise Refused(UNSAFE, "the folder's path goes through a link")
    if not place.resolve().is_relative_to(root.resolve()):
        raise Refused(UNSAFE, "the folder's path leaves its root")  # a junction of Windows is no symlink
    return place


def sync(folder: Path) -> None:
    """Make names in the folder durable; Windows has nothing for it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _child(folder: Path) -> None:
    if folder.is_symlink():
        raise Refused(UNSAFE, "the folder's path goes through a link")
    try:
        folder.mkdir()
    except FileExistsError:
        if not folder.is_dir():
            raise Refused(NOT_OURS, "a file stands where the folder should be") from None
    else:
        sync(folder.parent)


def _must_be_ours(folder: Path, owner: str) -> bool:
    try:
        marked = (folder / MARKER).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        marked = ""
    if marked.strip() != owner:
        raise Refused(NOT_OURS, "the order's folder exists and was not made for this run")
    return False


def _build(folder: Path, owner: str, order: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # of a start that was killed
    folder.mkdir()
    for name, text in ((MARKER, owner), (ORDER, order)):
        with (folder / name).open("x", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    sync(folder)


def _order_text(name: str, note: str) -> str:
    """For the staff's Notepad: with a byte order mark and Windows' line ends. The name is shown as it was written."""
    lines = [f"order: {unquote(name)}", *(f"note: {line}" for line in note.splitlines()[:20])]
    return "\ufeff" + "".join(line + "\r\n" for line in lines)
