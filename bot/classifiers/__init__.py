"""What recognises the intent of a message: a trained classifier and the keyword baseline that it must beat."""
