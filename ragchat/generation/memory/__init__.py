"""Answers kept for when the same is asked again."""
