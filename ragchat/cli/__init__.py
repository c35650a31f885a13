"""The command line: one file a command; errors become a sentence and an exit status."""
