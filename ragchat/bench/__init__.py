"""How good: figures on a question set."""
