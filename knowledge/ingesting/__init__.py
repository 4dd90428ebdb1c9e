"""Ways in: files, folders, uploads and the jobs that work them off. Knows nothing of conversations and pages."""
