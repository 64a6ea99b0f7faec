"""Train two twins side by side: the same autoencoder with sub-pixel and with transposed convolutions.

    python examples/two_twins.py [steps]

`make compare FAMILY=ae` does this with many seeds, statistics and a report. Here the steps are visible.
"""

# %%
import os
import sys
import time

# TensorFlow reports as an error that it leaves out an optimisation of the gradients.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import zoo
from zoo.metrics import excess_spectral_energy, psnr
from zoo.upsampling import subpixel_to_transpose
import keras
import numpy as np
import tensorflow as tf

steps, batch = int(sys.argv[1]) if len(sys.argv) > 1 else 400, 32

# %%
# The pictures are samples of a published model, so that nothing is downloaded.
sample = zoo.load_pretrained("vae_subpixel").sample
pictures = sample(count=1280, seed=0)["image"].numpy()
train, test = pictures[:1024], pictures[1024:]

# %%
# One function makes both, so that the up-sampler is the only difference. A seed makes equal first layers.
twins = {}
for name in ("ae_subpixel", "ae_transpose"):
    keras.utils.set_random_seed(0)
    twins[name] = zoo.create_model(name, filters=8)

# %%
# A third one starts as the same function as the first: its weights are those of the first, mapped. A difference between
# the first and the third is due to the layer, one between the second and the third to the initial weights.
third = zoo.create_model("ae_transpose", filters=8)
weights = [np.asarray(weight) for weight in twins["ae_subpixel"].weights]
shapes = [tuple(weight.shape) for weight in third.weights]
third.set_weights(
    [w if w.shape == shape else subpixel_to_transpose(w, 2) for w, shape in zip(weights, shapes, strict=True)]
)
twins["ae_transpose, from mapped weights"] = third
start = [np.asarray(twin(test[:64])) for twin in twins.values()]
print(f"before training, the third differs from the first by {np.abs(start[2] - start[0]).max():.1e}")


# %%
def measured(model: keras.Model) -> str:
    """Return how well a model reconstructs the test pictures, and how much of a checkerboard it adds."""
    output = model(test)
    pattern = float(tf.reduce_mean(excess_spectral_energy(test, output, 4)))
    return f"{float(tf.reduce_mean(psnr(test, output))):5.2f} dB, checkerboard {100 * pattern:.2f} %"


# %%
for name, model in twins.items():
    before = measured(model)
    model.compile(keras.optimizers.Adam(2e-3), loss="binary_crossentropy")
    started = time.perf_counter()
    # The seed gives all of them the same order of examples.
    examples = tf.data.Dataset.from_tensor_slices((train, train)).shuffle(1024, seed=1).repeat().batch(batch)
    model.fit(examples, steps_per_epoch=steps, shuffle=False, verbose=0)
    seconds = time.perf_counter() - started
    print(f"{name}: {before} before, {measured(model)} after {steps} steps in {seconds:.1f} s")
