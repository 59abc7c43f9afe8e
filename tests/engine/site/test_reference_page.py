"""docs/routes.md says what is there: every code, filter, step key and top key."""

import dataclasses
import re
from pathlib import Path

from engine.site import filters, load, problems
from engine.site.alerts import WORDS, AlertKeys, Email, Webhook
from engine.site.calls import Common
from engine.site.load import ConnectionKeys
from engine.site.routes import LabelKeys, ReceiveKeys, RouteKeys, StepKeys
from engine.site.settings import key_of

PAGE = (Path(__file__).parents[3] / "docs/routes.md").read_text("utf-8")


def test_every_code_is_explained():
    codes = {value for value in vars(problems).values() if isinstance(value, str) and re.fullmatch(r"WB-\d+", value)}
    assert codes
    assert [code for code in sorted(codes) if f"| {code} |" not in PAGE] == []


def test_every_key_and_filter_is_there():
    kinds = (
        AlertKeys,
        Email,
        Webhook,
        *WORDS.values(),
        Common,
        ConnectionKeys,
        LabelKeys,
        ReceiveKeys,
        RouteKeys,
        StepKeys,
    )
    words = {key_of(part) for kind in kinds for part in dataclasses.fields(kind)}
    words |= {*filters.NAMES, *load._TOP}
    assert [word for word in sorted(words) if not re.search(rf"\b{word}\b", PAGE)] == []
