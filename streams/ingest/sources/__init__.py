"""One module for each kind of live source."""
