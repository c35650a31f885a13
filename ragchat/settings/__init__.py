"""What can be set, from where, and which source won."""
