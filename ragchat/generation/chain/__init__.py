"""Who is asked, how often, and what is kept of it."""
