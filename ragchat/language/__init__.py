"""What is known of words and sentences."""
