"""One reader for each family of formats: decoded text in, sections with their headings and places out."""
