"""What `frontdesk bench` measures, one module a verb."""
