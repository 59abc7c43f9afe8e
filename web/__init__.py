"""The documented API and the screens on it."""
