"""Small real servers on 127.0.0.1 that speak as Groq and Ollama do."""
