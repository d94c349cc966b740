"""Formats: how the content of recordings becomes lines, one module for each kind of content."""
