"""What may leave this machine, and how what stays is sealed."""
