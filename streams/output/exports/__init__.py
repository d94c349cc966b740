"""Events for maps and tables of other programs: flat attributes, points for places, lines for tracks."""
