"""One way to open SQLite."""
