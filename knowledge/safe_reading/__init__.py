"""Files are read in a process of their own, within limits: a hostile one costs a sentence. Knows nothing of formats.

The process that asks never parses a byte of a customer's file, and believes nothing of what comes back but its text.
"""

from knowledge.safe_reading.process import OpenedSource, ReadingProcess, shared_process

__all__ = ["OpenedSource", "ReadingProcess", "shared_process"]
