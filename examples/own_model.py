"""Put `SubpixelConv2D` into a model of your own, train it with Keras's `fit`, and save it.

    python examples/own_model.py

The network doubles the size of small grey pictures of discs, which are drawn here, so that nothing is downloaded.
"""

# %%
import tempfile
from pathlib import Path

from zoo.upsampling import SubpixelConv2D
import keras
import numpy as np

keras.utils.set_random_seed(0)


# %% [markdown]
# A picture of 32 x 32 pixels contains three discs. Its small version contains the mean of every 2 x 2 pixels.


# %%
def draw_discs(count: int, seed: int) -> np.ndarray:
    """Return pictures of three discs each, `[count, 32, 32, 1]` in 0..1."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:32, :32]
    top, left = generator.uniform(0, 32, (2, count, 3, 1, 1))
    radius = generator.uniform(3, 12, (count, 3, 1, 1))
    discs = np.clip(radius - np.hypot(rows - top, columns - left) + 0.5, 0, 1)
    grey = generator.uniform(0.2, 1, (count, 3, 1, 1))
    return (discs * grey).max(axis=1)[..., None].astype("float32")


def reduce_by_two(pictures: np.ndarray) -> np.ndarray:
    """Return the mean of every 2 x 2 pixels."""
    return pictures.reshape(-1, 16, 2, 16, 2, 1).mean(axis=(2, 4))


large, test_large = draw_discs(1024, seed=1), draw_discs(64, seed=2)
small, test_small = reduce_by_two(large), reduce_by_two(test_large)

# %% [markdown]
# The layer takes the arguments of `Conv2D`, and `scale`. It works with unknown heights and widths.

# %%
image = keras.Input((None, None, 1), name="image")
x = keras.layers.Conv2D(16, 3, padding="same", activation="relu")(image)
detail = SubpixelConv2D(1, 3, scale=2)(x)
model = keras.Model(image, detail + keras.layers.UpSampling2D(2, interpolation="bilinear")(image))

model.compile("adam", loss="mse")
model.optimizer.learning_rate = 3e-3
history = model.fit(small, large, batch_size=32, epochs=4, verbose=2)

# %% [markdown]
# Interpolation is the baseline. Peak signal-to-noise ratio is in dB; larger is better.


# %%
def decibels(output: np.ndarray) -> float:
    """Return the PSNR of outputs against the large test pictures."""
    return float(-10 * np.log10(np.mean((np.asarray(output) - test_large) ** 2)))


interpolated = keras.layers.UpSampling2D(2, interpolation="bilinear")(test_small)
print(f"bilinear interpolation {decibels(interpolated):.2f} dB, network {decibels(model(test_small)):.2f} dB")

# %% [markdown]
# A saved model needs `import zoo.upsampling` before it is loaded, because that registers the layer with Keras. It is
# saved in a new folder, so that no file of yours is replaced.

# %%
path = Path(tempfile.mkdtemp(prefix="own_model-", dir=".")) / "discs.keras"
model.save(path)
again = keras.saving.load_model(path)
print(f"{path}: the loaded model's output differs by {np.abs(again(test_small) - model(test_small)).max():.1e}")
