"""From reports to identities, tracks and ticks."""
