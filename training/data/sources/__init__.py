"""Places that pictures come from."""
