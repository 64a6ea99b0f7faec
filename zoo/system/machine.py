"""Describe the machine, for every figure that is measured on it, and measure the memory of this process."""

import contextlib
import ctypes
import datetime
import os
import platform
import re
import resource
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """Return the device that computes, cores, versions and the date, as columns of a CSV.

    The device is the GPU that TensorFlow uses, or the processor where there is none; its column is `processor`.
    """
    import keras
    import tensorflow as tf

    return {
        "processor": device(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "date": datetime.date.today().isoformat(),
    }


def device() -> str:
    """Return the name of what computes: the first GPU that TensorFlow uses, or the processor."""
    return gpu() or processor()


def gpu() -> str | None:
    """Return the name of the first GPU that TensorFlow uses, or None."""
    import tensorflow as tf

    visible = tf.config.get_visible_devices("GPU")
    return str(tf.config.experimental.get_device_details(visible[0]).get("device_name")) if visible else None


def processor() -> str:
    """Return the name of the processor's model on Linux, else what Python knows of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def gpu_memory() -> int | None:
    """Return the bytes of memory of the first GPU that CUDA shows to this process, or None where there is none."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    device, size = ctypes.c_int(), ctypes.c_size_t()
    # TensorFlow tells how much it has taken, not how much there is.
    failed = cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(device), 0)
    failed = failed or cuda.cuDeviceTotalMem_v2(ctypes.byref(size), device)
    return None if failed else size.value


def peak() -> float:
    """Return the most memory that this process has held, in MiB."""
    # Prefer /proc: the resource module also counts memory of the parent process, from before the program was replaced.
    try:
        match = re.search(r"VmHWM:\s+([0-9]+) kB", Path("/proc/self/status").read_text())
    except OSError:
        match = None
    return int(match[1]) / 1024 if match else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forget_peak() -> None:
    """Let `peak` count from now on; it has no effect where Linux does not support it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
