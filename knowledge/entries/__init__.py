"""Answers that editors wrote to questions. Knows nothing of how a conversation uses them."""
