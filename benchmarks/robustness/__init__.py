"""Programs that kill, fill and break, and count what was survived."""
