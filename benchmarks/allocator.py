"""Make glibc's allocator keep freed memory, so that a benchmark measures work and not the zeroing of pages."""

import os
import sys

KEEPING = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "1000000000000",
    "MALLOC_TOP_PAD_": "268435456",
}


def keep_freed_memory() -> None:
    """Restart this command with the environment variables of `KEEPING`, unless they are set."""
    if not KEEPING.items() <= os.environ.items():
        # The original arguments hold `-m` and the module; `sys.argv` holds the module's path in their place.
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | KEEPING)
