"""The company's documents and the search over them. Knows nothing of conversations."""
