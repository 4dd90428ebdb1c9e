"""The bubble that a company shows on its own web site: plain script and style sheets, put together into one file."""
