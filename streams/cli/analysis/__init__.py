"""Commands that work something out from events that exist."""
