"""The Ollama server, as embeddings and generation both reach it."""
