"""Every way a person or a program meets the product."""
