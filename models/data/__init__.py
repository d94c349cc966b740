"""Lists that the package ships. What they are and where from: SOURCES.md."""
