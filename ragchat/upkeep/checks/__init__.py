"""What is looked at, a subject a file: each check gets what it looks at and returns what it found."""
