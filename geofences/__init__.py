"""Where things are: fences, their index, distances, the catalogue of polygons. Imports models only."""
