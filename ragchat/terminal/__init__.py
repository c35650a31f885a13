"""What a person sees and types: text made safe, answers as they arrive, and the prompt."""
