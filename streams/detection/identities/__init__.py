"""Identity anomalies: what vessels say of themselves that changes, does not fit, or comes from two places."""
