"""The documented REST API: the only door of the screens."""
