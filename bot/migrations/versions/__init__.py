"""Migrations, append-only: a released one is never edited. They name tables as text and import none of our modules."""
