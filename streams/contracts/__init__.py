"""The JSON Schemas that are published for other programs."""
