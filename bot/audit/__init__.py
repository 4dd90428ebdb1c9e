"""What the staff has done, in a log that shows tampering. Knows nothing of pages, and of what is done."""
