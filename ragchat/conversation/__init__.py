"""Questions and answers that belong together."""
