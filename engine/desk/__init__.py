"""What operators and analysts do to a running engine: stop, start, pause, plan, reload, move."""
