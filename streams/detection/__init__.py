"""The detectors: one file for each rule, with its explanation."""
