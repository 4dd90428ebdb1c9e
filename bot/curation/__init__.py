"""What editors do with answers: entries, trials, questions without an answer. Knows no page."""
