"""What holds for all tests: a property has no deadline, because the machine may be busy with something else."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("frontdesk", deadline=None)
settings.load_profile("frontdesk")
