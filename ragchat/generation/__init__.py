"""Prompts become text."""
