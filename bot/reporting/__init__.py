"""What became of conversations, counted: for managers. Knows no page."""
