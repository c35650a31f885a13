"""What goes wrong between machines, free of any provider."""
