"""What looks into every store."""
