"""The reference pages say what the settings classes say, and every option has its help."""

from __future__ import annotations

import dataclasses
import enum
import importlib.util
import sys
from pathlib import Path
from typing import Literal

import pytest

from engine.site.settings import Duration, Percent, Size, TransformFile, key_of, option

FILE = Path(__file__).resolve().parents[2] / "tools" / "reference.py"


@pytest.fixture(name="reference", scope="module")
def fixture_reference():
    spec = importlib.util.spec_from_file_location("reference_of_tools", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Way(enum.StrEnum):
    THERE = "there"
    BACK = "back"


@dataclasses.dataclass(frozen=True)
class Inner:
    """Inside."""

    width: str = option("how wide", "30mm")


@dataclasses.dataclass(frozen=True)
class Example:
    """An example."""

    from_: str = option("where it begins", key="from")
    way: Way = option("which way | or none", Way.BACK)
    inner: Inner | None = option("more", None)
    files: list[TransformFile] = option("files", [])


def test_the_pages_are_current(reference, capsys):
    assert reference.main(["--check"]) == 0, capsys.readouterr().out


def test_every_option_has_help(reference):
    silent = [
        f"{cls.__module__}.{cls.__qualname__}.{part.name}"
        for cls in reference.settings_classes()
        for part in dataclasses.fields(cls)
        if part.init and not part.metadata.get("help", "").strip()
    ]
    assert not silent


def test_every_class_says_what_it_is(reference):
    assert not [cls for cls in reference.settings_classes() if not reference._text(cls)]


def test_every_channel_and_verb_has_its_part(reference):
    channels, verbs = (page.read_text(encoding="utf-8") for page in (reference.CHANNELS, reference.VERBS))
    assert not [name for name in reference.channel_names() if f"\n## {name}\n" not in channels]
    assert not [name for name in reference.verb_names() if f"\n## {name}\n" not in verbs]
    assert {"access", "coss", "folder", "records", "soap_in", "soap_out"} <= set(reference.channel_names())
    assert {"call", "check", "sign", "signal", "split", "wait"} <= set(reference.verb_names())


def test_a_table(reference):
    assert reference._settings(Example) == [
        "An example.",
        "",
        "| key | is | default | meaning |",
        "|---|---|---|---|",
        "| `from` | text | needed | where it begins |",
        "| `way` | `there`, `back` | `back` | which way \\| or none |",
        "| `inner` | keys, see below |  | more |",
        "| `files` | list of transform |  | files |",
        "",
        "Inside `inner`: Inside.",
        "",
        "| key | is | default | meaning |",
        "|---|---|---|---|",
        "| `width` | text | `30mm` | how wide |",
        "",
    ]
    assert key_of(dataclasses.fields(Example)[0]) == "from"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Duration(0.2), "200ms"),
        (Duration(90), "90s"),
        (Duration(30 * 86400), "30d"),
        (Size(4 << 20), "4MiB"),
        (Size(1000), "1000B"),
        (Size(0), "0B"),
        (Percent(0.2), "20%"),
        (Way.THERE, "there"),
        (8, "8"),
    ],
)
def test_defaults_are_written_as_in_routes_yaml(reference, value, text):
    assert reference.written(value) == text


def test_types_in_words(reference):
    assert reference.kind_of(Literal["a", "b"]) == "`a`, `b`"
    assert reference.kind_of(tuple[str, ...]) == "list of text"
    assert reference.kind_of(dict[str, str] | None) == "name to text"
    with pytest.raises(TypeError, match="no words"):
        reference.kind_of(object)


def test_a_docstring_that_python_made_up_is_none(reference):
    made = dataclasses.make_dataclass("Made", ["a"])
    assert reference._text(made) == ""
