"""Names of rows."""

from __future__ import annotations

import re

from records.ids import public_id


def test_a_name_fits_into_an_address_and_comes_once():
    names = {public_id() for _ in range(1000)}
    assert len(names) == 1000
    assert all(re.fullmatch("[A-Z2-7]{16}", name) for name in names)
