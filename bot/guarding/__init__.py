"""Who speaks to the bot as if it were theirs to steer: customers, and sentences in documents. Knows no conversation."""
