"""The verbs of a route: one file is one verb."""
