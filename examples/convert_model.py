"""Convert a trained network from transposed to sub-pixel convolutions; its outputs stay the same.

    python examples/convert_model.py

The network stands for one of your own. The converted one is saved in a new folder. If yours is slow in the runtime that
you use, the other form may be faster there.
"""

# %%
import tempfile
from pathlib import Path

from zoo.convert import convert
import keras
import numpy as np
from rich import print as show

keras.utils.set_random_seed(0)

# %%
# The usual generator: transposed convolutions with a stride of two, whose kernels print a checkerboard.
latent = keras.Input((32,), name="latent")
x = keras.layers.Dense(8 * 8 * 32, activation="relu")(latent)
x = keras.layers.Reshape((8, 8, 32))(x)
x = keras.layers.Conv2DTranspose(16, 4, strides=2, padding="same", activation="relu", name="up1")(x)
x = keras.layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="sigmoid", name="up2")(x)
generator = keras.Model(latent, x, name="generator")

# %%
converted, report = convert(generator, to="subpixel", measure=True)
show(report.table())
print(f"largest difference of outputs, relative to the largest output: {report.difference:.1e}")

# %%
# Layers keep their names, and the new model is an ordinary one: it is saved, loaded and trained as before.
path = Path(tempfile.mkdtemp(prefix="convert_model-", dir=".")) / "generator.keras"
converted.save(path)
again = keras.saving.load_model(path)
noise = np.random.default_rng(0).normal(size=(4, 32)).astype("float32")
print(f"{path}: {np.abs(again(noise) - generator(noise)).max():.1e} from the original's pictures")

# %%
# And back: kernels of both forms map to each other exactly.
back, _ = convert(again, to="transpose")
print(f"converted back: {np.abs(back(noise) - generator(noise)).max():.1e} from the original's pictures")

# %%
# `when="faster"` measures every layer on this machine, and converts only those that become faster.
_, report = convert(generator, to="subpixel", when="faster")
for row in report.layers:
    print(f"{row.name}: {f'{row.times()}, converted' if row.converted else row.reason}")
