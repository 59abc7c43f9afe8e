"""A message that comes, with all it may have, and a run that ends, as the writer is given them."""

from __future__ import annotations

from engine.runtime.bundles import ARRIVED, BOTH, ENDED


def test_both_go_together_and_tell_an_empty_row_by_their_first_column() -> None:
    assert ARRIVED.pair is ENDED.pair is BOTH
    assert (ARRIVED.columns[0], ENDED.columns[0]) == ("seq", "run")


def test_each_column_is_written_and_none_that_is_not_there() -> None:
    for bundle in (ARRIVED, ENDED):
        for column in bundle.columns:
            assert f"NEW.{column}" in bundle.body or f'NEW."{column}"' in bundle.body, column
        assert len(set(bundle.columns)) == len(bundle.columns)
