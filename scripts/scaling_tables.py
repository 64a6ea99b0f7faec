"""Make the tables of docs/scaling.md."""

from scripts.markdown import table
from scripts.scaling import LINKS, efficiency, fastest, ring_seconds, streamed_bytes_per_second, works

WORKERS = (8, 64, 512)
FASTER = (10, 100)
RECORD_BYTES = 100_000
STREAM_RATES = (100, 1000, 10_000)


def steps_table() -> str:
    """Return what a step all-reduces, and how long it takes on the benchmark's processor."""
    rows = [
        [
            f"`{work.name}`",
            f"{work.parameters:,}",
            f"{work.batch}",
            f"{work.operations}",
            f"{work.reduced_bytes / 1e6:.2f}",
            f"{1000 * work.seconds:.1f}" if work.seconds else "not measured",
        ]
        for work in works()
    ]
    return table("model|trained parameters|batch|all-reduces per step|MB per step|ms per step, 2 cores", rows)


def _over_links() -> list[str]:
    return [f"{link.name}, {workers}" for link in LINKS for workers in WORKERS]


def links_table() -> str:
    """Return the milliseconds of all-reduce per step."""
    rows = [
        [f"`{work.name}`"]
        + [
            f"{1000 * ring_seconds(workers, work.reduced_bytes, link, work.operations):.2f}"
            for link in LINKS
            for workers in WORKERS
        ]
        for work in works()
    ]
    return table("|".join(["model", *_over_links()]), rows)


def weak_table() -> str:
    """Return the efficiency if each GPU takes the recipe's whole batch, without overlap and with full overlap."""
    rows = []
    for work in works():
        for faster in FASTER if work.seconds else ():
            compute = work.seconds / faster
            cells = [
                " / ".join(f"{100 * efficiency(work, compute, workers, link, overlap):.0f}" for overlap in (0, 1))
                for link in LINKS
                for workers in WORKERS
            ]
            rows.append([f"`{work.name}`", f"{faster}", *cells])
    return table("|".join(["model", "x", *_over_links()]), rows)


def batches_table() -> str:
    """Return the batches of many GPUs, and on how many GPUs the recipe's own batch trains fastest."""
    heads = ["model", "most GPUs at the recipe's batch", *(f"batch of {workers} GPUs" for workers in WORKERS)]
    heads += [f"x = {faster}, {link.name}" for faster in FASTER for link in LINKS]
    rows = []
    for work in works():
        best = [
            "{} ({:.1f})".format(*fastest(work, work.seconds / faster, link)) if work.seconds else "-"
            for faster in FASTER
            for link in LINKS
        ]
        shared = [f"{work.batch * workers:,}" for workers in WORKERS]
        rows.append([f"`{work.name}`", f"{work.batch // work.turns}", *shared, *best])
    return table("|".join(heads), rows)


def input_table() -> str:
    """Return the examples and bytes per second that one GPU needs if it never waits."""
    heads = ["model", "bytes per example"]
    heads += [f"{unit}, x = {faster}" for faster in FASTER for unit in ("examples/s", "MB/s")]
    rows = []
    for work in works():
        cells = []
        for faster in FASTER:
            rate = work.batch / work.seconds * faster if work.seconds else 0.0
            cells += [f"{rate:,.0f}", f"{rate * work.example_bytes / 1e6:,.1f}"] if rate else ["-", "-"]
        rows.append([f"`{work.name}`", f"{work.example_bytes:,}", *cells])
    return table("|".join(heads), rows)


def streamed_table() -> str:
    """Return the megabytes per second that one worker reads of a data set that does not fit into memory."""
    rows = [
        [f"{rate:,}"]
        + [f"{streamed_bytes_per_second(rate, n, RECORD_BYTES, sharded=False) / 1e6:,.0f}" for n in WORKERS]
        + [f"{streamed_bytes_per_second(rate, WORKERS[-1], RECORD_BYTES, sharded=True) / 1e6:,.0f}"]
        for rate in STREAM_RATES
    ]
    return table(
        "|".join(["examples/s per worker", *(f"{n} workers" for n in WORKERS), "read by index, any number"]), rows
    )


TABLES = {
    "scaling_steps": steps_table,
    "scaling_links": links_table,
    "scaling_weak": weak_table,
    "scaling_batches": batches_table,
    "scaling_input": input_table,
    "scaling_streamed": streamed_table,
}
