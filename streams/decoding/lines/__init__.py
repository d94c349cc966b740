"""Lines: what stands on each line of a frame: sentences, and the times, stations and groups beside them."""
