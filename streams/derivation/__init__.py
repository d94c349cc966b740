"""The whole derivation of an event: from the measured values to its score and its level."""
