"""TODO insight."""
