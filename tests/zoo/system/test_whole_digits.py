"""Test that what is kept in a file is computed with all digits, where a GPU would leave some out."""

import pytest
import tensorflow as tf

from training.publishing.saved_model import export
from zoo.models import build_model
from zoo.system.whole_digits import whole_digits

enabled = tf.config.experimental.tensor_float_32_execution_enabled


@pytest.mark.parametrize("before", [True, False])
def test_the_setting_of_before_comes_back(before):
    usual = enabled()
    tf.config.experimental.enable_tensor_float_32_execution(before)
    try:
        with whole_digits():
            assert not enabled()
        assert enabled() == before
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(usual)


def test_what_an_export_keeps_of_the_weights_has_all_digits(monkeypatch, tmp_path):
    from keras.src.layers.convolutional import base_conv

    convolve, rounded = base_conv.ops.conv, []

    def noting(inputs, *arguments, **options):
        # Values are computed now; tensors of Keras and of graphs later, where the file is used.
        if isinstance(inputs, tf.__internal__.EagerTensor):
            rounded.append(enabled())
        return convolve(inputs, *arguments, **options)

    monkeypatch.setattr(base_conv.ops, "conv", noting)
    export("espcn_x2_subpixel", {}, build_model("espcn_x2_subpixel").get_weights(), tmp_path / "saved")
    assert rounded and not any(rounded)
