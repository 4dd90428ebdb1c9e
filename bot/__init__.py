"""The conversation: what a customer says, what we answer, and why."""
