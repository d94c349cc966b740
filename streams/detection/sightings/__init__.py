"""What others saw, compared with who was heard and who was silent."""
