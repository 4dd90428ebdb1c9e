"""The page on which people teach intents, and its API."""
