"""Which warnings fail a test."""

import warnings

import pytest


def warn_in(module: str) -> None:
    """Raise a warning at a line of a module of that name."""
    exec("import warnings; warnings.warn('old')", {"__name__": module})


@pytest.mark.parametrize("module", ["zoo", "zoo.models", "training.loop.loop", "scripts.tables", "benchmarks.layers"])
def test_a_warning_of_this_project_fails_a_test(module):
    with pytest.raises(UserWarning, match="old"):
        warn_in(module)


@pytest.mark.parametrize("module", ["keras.src.saving", "zoology"])
def test_a_warning_of_another_project_is_shown(module):
    with warnings.catch_warnings(record=True) as shown:
        warn_in(module)
    assert [str(warning.message) for warning in shown] == ["old"]


def test_an_invalid_operation_of_numpy_counts_where_it_is_called():
    code = "import numpy; numpy.log(numpy.array([-1.0]))"
    with pytest.raises(RuntimeWarning, match="invalid value"):
        exec(code, {"__name__": "zoo.metrics"})
