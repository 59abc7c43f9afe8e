"""Every stylesheet of the demonstration compiles, and the site's own constants stand in one file."""

from __future__ import annotations

import pytest

from engine.transform.xslt import sheets
from tests.transforms.samples import HIS


@pytest.mark.parametrize("name", sorted(path.name for path in HIS.glob("*.xsl")))
def test_it_compiles(name: str) -> None:
    assert sheets.get(str(HIS / name)).name == name


def test_the_address_stands_in_one_place() -> None:
    assert [path.name for path in HIS.glob("*.xsl") if "127.0.0.1" in path.read_text(encoding="utf-8")] == ["site.xsl"]
