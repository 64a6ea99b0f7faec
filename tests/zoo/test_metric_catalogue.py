import zoo
from zoo.metric_catalogue import METRICS, metric, minor, ordered


def test_every_metric_of_every_card_is_declared():
    names = {
        name.partition(".")[0] for model in zoo.list_models(pretrained=True) for name in zoo.card(model)["metrics"]
    }
    assert names
    assert names <= set(METRICS)


def test_metrics_declare_all_that_reports_need():
    for name, each in METRICS.items():
        assert each.name == name
        assert each.label
        assert each.meaning
        assert each.unit == "" or each.unit.startswith(" ")
    assert metric("psnr").text(31.23456) + metric("psnr").unit == "31.235 dB"


def test_minor_metrics_and_floors_are_for_the_files_only():
    names = ["frechet", "frechet_floor", "smallest_class", "mse", "anything_floor", "anything", "diversity"]
    assert [name for name in names if minor(name)] == ["frechet_floor", "smallest_class", "anything_floor", "diversity"]


def test_an_unknown_metric_counts_as_an_error_and_comes_last():
    assert not metric("mean_error").larger_is_better
    assert metric("mean_error").label == "mean error"
    assert ordered(["mean_error", "largest_class", "checkerboard", "psnr"]) == ["psnr", "largest_class", "mean_error"]
