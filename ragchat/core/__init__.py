"""The nouns and the two protocols everything else is built of: frozen, standard library only."""
