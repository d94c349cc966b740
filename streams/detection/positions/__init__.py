"""Position anomalies: positions that a ship cannot have had, of one vessel and of all ships of a region."""
