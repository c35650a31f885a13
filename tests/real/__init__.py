"""Real models, tiny and made on the spot, on real servers: `make test-real`."""
