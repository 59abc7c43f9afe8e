"""Channels: one file is one type is one word in routes.yaml."""
