"""From lines to reports: the Decoder."""
