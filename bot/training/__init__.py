"""What is learnt, and how well: training, releases, measures."""
