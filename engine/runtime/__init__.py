"""Runs on their way: inbox, dispatcher, ledger of effects, waits and signals."""
