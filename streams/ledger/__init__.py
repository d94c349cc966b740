"""The ledger: deliveries of oil to North Korea as events show them, in barrels, beside the cap."""
