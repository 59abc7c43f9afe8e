"""Rehearsals: stored messages through another configuration, with what would go out compared. Nothing goes out."""
