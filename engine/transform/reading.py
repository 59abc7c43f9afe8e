"""From bytes to the value that a route works on, by content type (RFC 9110 section 8.3).

XML becomes `Xml`; JSON maps and lists, or with `; root=NAME` XML under that root, so that an order in JSON takes the
same route as one in XML; HL7 v2 `Hl7`; text `str`; everything else stays bytes.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from functools import lru_cache
from typing import Any

from lxml import etree

from engine import hl7
from engine.message import Refused, Value, Xml
from engine.transform import safe_xml

NOT_JSON, NOT_AN_ELEMENT = "WB-1016", "WB-1015"
DEEPEST = 200
"""Levels of a JSON value; an XML of that depth is refused as well."""

CHARSETS = frozenset(
    {"utf-8", "ascii", "gb18030", "gbk", "gb2312", "big5", "big5hkscs", "utf-16", "utf-16-le", "utf-16-be", "utf-32",
     "shift_jis", "euc_jp", "iso2022_jp", "euc_kr", "koi8-r", *(f"iso8859-{part}" for part in range(1, 17)),
     *(f"cp{page}" for page in (437, 850, 852, 866, *range(1250, 1259), 932, 936, 949, 950))}
)  # fmt: skip
"""What text may be written in. Python has more, of which some (`punycode`, `unicode_escape`) are no character sets."""
NO_TEXT = "the bytes are not text in the character set that was named"
_PARAMETER = re.compile(r';\s*([A-Za-z]+)\s*=\s*"?([^\s;"]+)"?')
_NAME = re.compile(r"[^\W\d][\w.\-]*")
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


@lru_cache(maxsize=512)
def kind_of(content_type: str) -> tuple[str, dict[str, str]]:
    """`xml json hl7 text bytes`, and the parameters."""
    media = content_type.partition(";")[0].strip().lower()
    parameters = {name.lower(): text for name, text in _PARAMETER.findall(content_type)}
    if media in ("application/json", "text/json") or media.endswith("+json"):
        return ("xml" if "root" in parameters else "json"), parameters
    parameters.pop("root", None)  # it says something of JSON alone: a sender's XML stays XML
    if media in ("application/hl7-v2", "application/hl7-v2+er7", "x-application/hl7-v2+er7"):
        return "hl7", parameters
    if media in ("application/xml", "text/xml", "application/soap+xml", "") or media.endswith("+xml"):
        return "xml", parameters
    return ("text" if media.startswith("text/") else "bytes"), parameters


def read(body: bytes, content_type: str) -> Value:
    """The value of a body. Raises `Refused`, with a reason that quotes nothing of it."""
    kind, parameters = kind_of(content_type)
    match kind:
        case "hl7":
            return hl7.read(body, _codec(parameters["charset"]) if "charset" in parameters else None)
        case "json":
            found: Value = read_json(body)
            return found
        case "text":
            return _text(body, parameters.get("charset", "utf-8"))
        case "bytes":
            return body
    if "root" in parameters:
        return as_xml(read_json(body, exact=True), parameters["root"])
    return Xml(safe_xml.to_bytes(safe_xml.parse(body, content_type)))


def _text(body: bytes, charset: str) -> str:
    try:
        return body.decode(_codec(charset))
    except UnicodeError:
        raise Refused(safe_xml.ENCODING, NO_TEXT) from None


def _codec(charset: str) -> str:
    try:
        found = codecs.lookup(charset).name
    except (ValueError, LookupError):  # a zero byte in the name; no such name
        found = ""
    if found not in CHARSETS:
        raise Refused(safe_xml.ENCODING, NO_TEXT)
    return found


def read_json(body: bytes, *, exact: bool = False) -> Any:
    """A JSON value (RFC 8259): strict, without NaN, no name twice in an object, at most `DEEPEST` levels.

    exact: numbers with a fraction or an exponent stay as they are written, as texts.
    """
    number = str if exact else _finite
    try:
        found = json.loads(
            body.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=number, object_pairs_hook=_object
        )
    except UnicodeDecodeError:
        raise Refused(NOT_JSON, "the body is not JSON: it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Refused(NOT_JSON, f"the body is not JSON (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise Refused(NOT_JSON, "the body is nested too deeply") from None
    except ValueError as error:  # a name twice, NaN, a number of ten thousand digits
        raise Refused(NOT_JSON, str(error) if isinstance(error, _Wrong) else "a number is too long") from None
    if _HALF.search(body) and _has_half(found):
        raise Refused(NOT_JSON, "a text holds half a character (a lone surrogate)")
    if _too_deep(found):
        raise Refused(NOT_JSON, f"the body is nested deeper than {DEEPEST} levels")
    return found


class _Wrong(ValueError):
    pass


def _no_constant(_: str) -> None:
    raise _Wrong("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise _Wrong("a number is too large")
    return found


def _has_half(value: Any) -> bool:
    """Half of a surrogate pair is no character: neither a database nor a peer takes it."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except RecursionError:
        raise Refused(NOT_JSON, "the body is nested too deeply") from None
    return False


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Wrong("an object has the same name twice")
    return found


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        items = (item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list))
        level = [inner for inner_items in items for inner in inner_items if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def as_xml(value: Any, root: str) -> Xml:
    """A JSON value as XML: a name becomes an element, a list the element again and again, null an empty one.

    A name that no element can have is refused with it. Names that begin with `@` become attributes.
    """
    top = _element(root)
    _fill(top, value)
    return Xml(etree.tostring(top, encoding="utf-8", xml_declaration=False))


def _fill(parent: etree._Element, value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.startswith("@") and not isinstance(inner, dict | list):
                parent.set(_checked(name[1:]), _plain(inner))
                continue
            for item in inner if isinstance(inner, list) else [inner]:
                child = _element(name)
                parent.append(child)
                _fill(child, item)
    elif isinstance(value, list):
        for item in value:
            child = _element("item")
            parent.append(child)
            _fill(child, item)
    else:
        parent.text = _plain(value) or None


def _element(name: str) -> etree._Element:
    return etree.Element(_checked(name))


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Refused(NOT_AN_ELEMENT, "a name in the JSON cannot be the name of an XML element")
    return name


def _plain(value: Any) -> str:
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if any((ord(c) < 32 and c not in "\t\n\r") or 0xD800 <= ord(c) <= 0xDFFF or c in "\ufffe\uffff" for c in text):
        raise Refused(NOT_AN_ELEMENT, "a text in the JSON holds a character that XML cannot hold")
    return text
