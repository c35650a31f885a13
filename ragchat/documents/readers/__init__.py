"""One reader for each family of formats: decoded text in, sections with their headings and places out."""

READERS_VERSION = 1
"""Goes up when the same file gives another document."""
