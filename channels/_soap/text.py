"""Which encoding a request is in, decided from what its sender said and what its bytes allow.

Senders name GBK in the XML declaration, or only in Content-Type, or in one of them wrongly. Strict decoding settles it;
where two names both fit and give different text, guessing would mix up names of patients, so it is refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from email.message import Message
from email.utils import collapse_rfc2231_value
from functools import lru_cache
from types import MappingProxyType

from engine.message import Refused

ENCODING = "WB-1006"
"""The bytes are in no encoding that the sender named, or in two that contradict."""

_DECLARATION = re.compile(rb"^\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_DECLARED = re.compile(r"^\ufeff?\s*<\?xml\b[^>]{0,200}\?>")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_KNOWN = {
    "utf-8": "utf-8",
    "ascii": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5",
    "iso8859-1": "cp1252",
    "cp1252": "cp1252",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}
"""Python's name of an encoding to the one we decode with: a superset, where senders use the smaller name for it."""


@lru_cache(maxsize=64)
def media_type(content_type: str) -> tuple[str, Mapping[str, str]]:
    """`text/xml; charset="gbk"` as (`text/xml`, {`charset`: `gbk`})."""
    message = Message()
    message["content-type"] = content_type
    parts = message.get_params(failobj=[("", "")])
    # A parameter in the form of RFC 2231 comes as (charset, language, value).
    return parts[0][0].strip().lower(), MappingProxyType(
        {name.lower(): collapse_rfc2231_value(v) for name, v in parts[1:]}
    )


def plain_utf8(body: bytes, charset: str = "") -> tuple[bytes, str]:
    """The body as UTF-8 without declaration and byte order mark, and the name of the encoding that it was in.

    Raises `Refused` WB-1006.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return _strip(_decode(body, name)), name.removesuffix("-sig")
    declared = _DECLARATION.match(body)
    names = [_known(name) for name in (charset, declared.group(1).decode("ascii") if declared else "") if name]
    texts: dict[str, str] = {}
    for name in names or ["utf-8"]:
        try:
            texts[name] = _decode(body, name)
        except Refused:
            continue
    if not texts:
        raise Refused(
            ENCODING, f"the bytes are not {' or '.join(names or ['UTF-8'])}; name the encoding in Content-Type"
        )
    if len(set(texts.values())) > 1:
        raise Refused(
            ENCODING, f"Content-Type says {names[0]} and the XML declaration says {names[1]}; they contradict"
        )
    name, text = next(iter(texts.items()))
    return _strip(text), name


def without_declaration(text: str) -> str:
    """Business XML that came as text: it is decoded already, so its own declaration says nothing any more."""
    return _DECLARED.sub("", text, count=1).strip()


def _known(name: str) -> str:
    try:
        return _KNOWN[codecs.lookup(name.strip("'\" ")).name]
    except (LookupError, ValueError):
        raise Refused(ENCODING, "the named encoding is not one that is read here: use UTF-8 or GB18030") from None


def _decode(body: bytes, name: str) -> str:
    try:
        return body.decode(name)
    except UnicodeDecodeError as error:
        raise Refused(ENCODING, f"byte {error.start} is not {name}") from None


def _strip(text: str) -> bytes:
    try:
        return without_declaration(text).encode()
    except UnicodeEncodeError as error:  # half a surrogate pair from UTF-16
        raise Refused(ENCODING, f"character {error.start} is not Unicode") from None
