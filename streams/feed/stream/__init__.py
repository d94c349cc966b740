"""Live updates: the hub and server-sent events."""
