"""Describe a comparison in words: its title, its budget, what the columns of its table mean, captions of its plots."""

from training.compare.results.records import Results
from zoo.metric_catalogue import minor

CAPTIONS = {
    "quality": "Quality over steps",
    "latency": "Quality against latency",
    "spectra": "Power by frequency",
}
_NOTES = (
    "spectral: share of the energy that lies at the frequencies m/r and that the reference does not have, in percent",
    "imbalance: root mean square of the pattern in the residual's r x r phase means, in grey levels of 255",
    "constant: standard deviation over one period of the output, where the up-sampler's input is constant, in grey "
    "levels of 255",
    "steps to equal quality: steps until a twin has gone 99 % of the way from the lowest first evaluation of all runs "
    "to the lowest last one",
    "forward and XLA: {forward}; step: one training step of {batch} examples, the mean of 16 steps where some steps do "
    "more work than others; {litert}memory: the peak of a process that trains for three steps. Times are "
    "medians; the twins are timed alternately in one run",
)
_NOTE_ON_SAMPLES = (
    "data: what {count} pictures of the data reach; sure: share of the samples to which the classifier assigns a class "
    "with a probability above 0.9; twins.csv has further metrics of the samples"
)


def title(results: Results) -> str:
    """Return the heading of the report."""
    return f"{results.facts['name']}: which up-sampler?"


def budget(results: Results) -> str:
    """Return the conditions under which the comparison was made, in sentences."""
    facts = results.facts
    settings = "; ".join(f"{name}: {text}" for name, text in facts["fairness"].items())
    machine, seeds = facts["machine"], "1 seed" if facts["seeds"] == 1 else f"{facts['seeds']} seeds"
    return (
        f"{facts['steps']:,} steps of {facts['batch']} examples, {seeds}, "
        f"{facts['source']['name']}, measured on its {facts['split']} part. {settings[:1].upper()}{settings[1:]}. "
        f"{machine['processor']}, {machine['cores']} cores, load {machine['load']} when timed, "
        f"TensorFlow {machine['tensorflow']}, Keras {machine['keras']}; {facts['date']}."
    )


def notes(results: Results) -> list[str]:
    """Return what the columns of the table mean, one note per column or group of columns."""
    batch = results.facts["batch"]
    forward = "one picture of 1280x720" if results.facts["scale"] else f"{batch} examples"
    litert = "LiteRT: one example; " if any(row["litert_ms"] for row in results.costs) else ""
    texts = [note.format(forward=forward, batch=batch, litert=litert) for note in _NOTES]
    if any(map(minor, results.facts["metrics"])):
        count = results.facts.get("measured_pictures")
        texts.append(_NOTE_ON_SAMPLES.format(count=f"{count:,}" if count else "the same number of"))
    return texts
