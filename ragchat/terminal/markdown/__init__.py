"""Markdown of a model laid out for a terminal while it arrives."""
