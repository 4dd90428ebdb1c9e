"""What is kept of a customer: given out, erased, and let go of after its time. Knows nothing of pages."""
