"""Texts into vectors: encoders, their folders and their pace. Knows nothing of documents and indexes."""
