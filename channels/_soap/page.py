"""The page that a browser sees at a SOAP address: what is offered here and how it answers, for the HIS's engineers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

_FILE_LIMIT = 256 * 1024
_FILES_LIMIT = 40

ANSWERS = (
    ("200", "the business reply, ResultCode 0", "stored durably; the same message again gets the same reply"),
    ("200", "the business reply, ResultCode -1", "kept, and refused by a check: code, path and rule say why"),
    ("500 (SOAP 1.2: 400)", "fault Client / Sender, WB-1nnn", "kept, and never accepted as it is: correct it"),
    ("413", "fault Client / Sender, WB-1005", "larger than this connection takes"),
    ("503", "fault Server / Receiver, WB-1012", "not taken now, nothing is lost: send it again later"),
    ("500", "fault Server / Receiver, WB-1000", "an error of ours; send it again later"),
    ("none", "the connection ended before an answer", "unknown: send it again, a repeat makes no second order"),
)

_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
table{border-collapse:collapse;width:100%}td,th{border:1px solid #c8c8c8;padding:.3rem .6rem;text-align:left}
pre{overflow:auto;background:#f5f5f5;padding:.8rem}summary{cursor:pointer}code{background:#f5f5f5}"""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the page tells. files: text of schemas and samples by their name in the site's folder."""

    title: str
    namespace: str
    call: str
    operations: Mapping[str, str]
    files: Mapping[str, str]


def site_files(site: Path, operations: Iterable[str]) -> dict[str, str]:
    """Schemas and samples of these operations under `transforms/`: files whose name begins with the operation's."""
    known = tuple(operations)
    files: dict[str, str] = {}
    for path in sorted((site / "transforms").rglob("*")):
        if path.suffix not in (".xsd", ".xml") or not path.name.startswith(known) or path.is_symlink():
            continue
        if len(files) < _FILES_LIMIT and path.is_file() and path.stat().st_size <= _FILE_LIMIT:
            files[path.relative_to(site).as_posix()] = path.read_text(encoding="utf-8", errors="replace")
    return files


def render(offer: Offer) -> bytes:
    """The page as UTF-8 HTML without a script."""
    rows = "".join(_row("td", answer) for answer in ANSWERS)
    codes = "".join(_row("td", item) for item in sorted(offer.operations.items()))
    files = "".join(
        f"<details><summary>{escape(name)}</summary><pre>{escape(text)}</pre></details>"
        for name, text in offer.files.items()
    )
    page = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(offer.title)}</title>
<style>{_STYLE}</style></head><body><h1>{escape(offer.title)}</h1>
<p>SOAP 1.1 and 1.2 by POST to this address: <code>{escape(offer.call)}</code>, namespace
<code>{escape(offer.namespace)}</code>. The business XML may be CDATA, escaped text or child elements; UTF-8 or GBK.
Any SOAPAction is taken unless this site's settings name some.</p><p><a href="?wsdl">WSDL</a></p>
<h2>Operations</h2><table>{_row("th", ("service code or element", "operation"))}{codes}</table>
<h2>Answers</h2><table>{_row("th", ("HTTP", "body", "meaning"))}{rows}</table>
<h2>Schemas and samples</h2>{files or "<p>None in this site's transforms folder.</p>"}</body></html>
"""
    return page.encode()


def _row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
