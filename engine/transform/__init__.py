"""Transforms and everything else that must not run in the daemon: a bounded pool of worker processes and its jobs."""
