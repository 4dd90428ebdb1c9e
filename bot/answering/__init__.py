"""What an answer is made of and held against. Knows nothing of transcripts and of the web."""
