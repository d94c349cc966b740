"""What others saw, as files and messages: CSV, GeoJSON and JSON lines, and the sightings in them."""
