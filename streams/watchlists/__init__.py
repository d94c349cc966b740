"""Lists of vessels as files: which layout a file has, by its content, and its entries."""
