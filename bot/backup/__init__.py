"""One file that a whole front desk can be brought back from. Knows nothing of conversations and documents."""
