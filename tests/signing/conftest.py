"""Fixtures of the signing tests."""

from pathlib import Path

import pytest

from tests.signing.desk import Desk


@pytest.fixture(name="desk")
def fixture_desk(tmp_path: Path) -> Desk:
    """A CA, a report and the gate's policy."""
    return Desk(tmp_path)
