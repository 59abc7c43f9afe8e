"""Jobs of the workers."""
