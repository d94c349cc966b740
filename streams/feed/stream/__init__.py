"""Live updates: the hub, and server-sent events for its clients."""
