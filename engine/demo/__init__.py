"""The demonstration: what `waybill demo --once` does."""
