"""The HTTP API: REST with server-sent events, and the OpenAI-compatible endpoint. Knows no page."""
