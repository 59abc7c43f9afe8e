"""Takes a file: its bytes into the blob store first; then, when the engine says so, the file to `.done/`. Blocking."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

from channels._folder.make import inside, sync
from channels._folder.scan import Found, unchanged
from engine.channel import BlobStore, TakenFile
from engine.message import Blob, Refused
from engine.points import point

DONE = ".done"
PIECE = 1 << 20


def keep(blobs: BlobStore, found: Found) -> Blob | None:
    """The file's bytes, durable; None when it changed while it was read, or its writer still holds it."""
    content_type = "application/pdf" if found.is_pdf else "application/octet-stream"
    try:
        if not unchanged(found):
            return None
        blob = blobs.put_file(found.file, content_type, found.file.name)
    except (FileNotFoundError, PermissionError):
        return None
    except OSError as error:
        if error.errno != errno.ELOOP and unchanged(found):  # ELOOP: a link was put there for a moment
            raise
        return None
    point("folder.after_blob")
    return blob if unchanged(found) and blob.size == found.stamp[0] else None


def move(root: Path, taken: TakenFile) -> bool:
    """Move a taken file into `.done/` beside it, over nothing; false when that must be tried again.

    What is gone has been moved (or removed: we have its bytes). What has other bytes now is another file: it stays
    and is reported anew.
    """
    folder, _, name = taken.path.rpartition("/")
    try:
        place = inside(root, folder) if folder else root
        source = place / name
        if source.is_symlink() or not _is(source, taken.sha256):
            return True
        done = place / DONE
        if done.is_symlink():
            return False  # it would lead our move to any folder of this computer
        done.mkdir(exist_ok=True)
        point("folder.before_move")
        source.rename(free(done, name))
    except FileNotFoundError:
        return True
    except Refused:
        return True  # a link stands there now: nothing of ours
    except OSError:
        return False
    sync(done)
    sync(place)
    point("folder.after_move")
    return True


def _is(file: Path, sha256: str) -> bool:
    """Whether these are the bytes that were taken; what a person discarded before it was complete has no hash."""
    return file.is_file() if not sha256 else digest(file) == sha256


def digest(file: Path) -> str:
    """Blocking: the SHA-256 of a file, in hex."""
    found = hashlib.sha256()
    with file.open("rb") as source:
        while piece := source.read(PIECE):
            found.update(piece)
    return found.hexdigest()


def free(folder: Path, name: str) -> Path:
    """A name that is not used in the folder: `report.pdf`, `report (2).pdf`, ..."""
    stem, suffix = Path(name).stem, Path(name).suffix
    number, target = 1, folder / name
    while os.path.lexists(target):
        number += 1
        target = folder / f"{stem} ({number}){suffix}"
    return target
