"""Alerts: rules of `routes.yaml` that are watched, and told when what they say begins and ends."""
