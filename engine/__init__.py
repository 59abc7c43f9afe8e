"""The engine: knows no protocol and no product."""
