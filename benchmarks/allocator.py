"""glibc's allocator told to keep freed memory, so that a benchmark measures work and not the zeroing of pages."""

import os
import sys

KEEPING = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "1000000000000",
    "MALLOC_TOP_PAD_": "268435456",
}


def keep_freed_memory() -> None:
    """Start this command again with the settings of `KEEPING`, unless they are there."""
    if not KEEPING.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | KEEPING)
