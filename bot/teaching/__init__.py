"""How people teach the classifier: training in the background, releases, unknown messages. Knows no page."""
