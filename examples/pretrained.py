"""Load published models: what their cards say, pictures from noise, and a model that Keras can train further.

    python examples/pretrained.py

Everything is on this machine: the models come with the package, and their files are verified when they are loaded. The
pictures are written into a new folder.
"""

# %%
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import zoo

# %%
for name in zoo.list_models("vae_*", pretrained=True):
    card = zoo.card(name)
    elbo = card["metrics"]["elbo"]["value"]
    print(f"{name}: {card['parameters']:,} parameters, trained on {card['source']}, ELBO {elbo:.2f} nats per picture")

# %%
# A SavedModel has named endpoints, which take named inputs and return a dict.
vae = zoo.load_pretrained("vae_subpixel")
digits = vae.sample(count=40, seed=7)["image"]

# %%
# The mean of two latents is a digit between two digits.
latent = vae.encode(image=digits[:2])["latent"]
between = [vae.decode(latent=latent[:1] * (1 - share) + latent[1:] * share)["image"] for share in np.linspace(0, 1, 10)]

# %%
rows = np.concatenate([digits, *between]).reshape(5, 10, 28, 28)
sheet = rows.swapaxes(1, 2).reshape(5 * 28, 10 * 28)
path = Path(tempfile.mkdtemp(prefix="pretrained-", dir=".")) / "digits.png"
Image.fromarray(np.round(sheet * 255).astype("uint8")).save(path)
print(f"{path}: 40 digits, and in the last row the way from the first to the second")

# %%
# The same weights as a `keras.Model`, for fine-tuning: here only the decoder is trained.
model = zoo.create_model("ae_subpixel", pretrained=True)
model.get_layer("encoder").trainable = False
model.compile("adam", loss="binary_crossentropy")
before = model.evaluate(digits, digits, verbose=0)
model.fit(digits, digits, epochs=5, verbose=0)
after = model.evaluate(digits, digits, verbose=0)
print(f"binary cross-entropy of the autoencoder on these digits: {before:.4f}, after five more epochs {after:.4f}")
