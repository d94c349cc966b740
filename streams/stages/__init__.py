"""The deterministic stages, the core that chains them, and all their settings."""
