"""What the database and the home folder hold: documents, passages, originals, snapshots. Knows nothing of searching."""
