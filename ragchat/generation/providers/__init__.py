"""Those who write: each a client of its own, with the same guarantees."""
