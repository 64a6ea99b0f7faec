"""Enlarge a picture with every published model of a scale, and compare them with bicubic interpolation.

    python examples/enlarge.py photo.png [folder for the results]

The picture is first reduced to half its size, so that there is an original to compare with. By default the results are
written into a new folder.
"""

# %%
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

import zoo
from zoo.metrics import super_resolution_metrics

if len(sys.argv) < 2 or not Path(sys.argv[1]).is_file():
    sys.exit("which picture? python examples/enlarge.py photo.png [folder for the results]")
if len(sys.argv) > 2 and Path(sys.argv[2]).exists():
    sys.exit(f"{sys.argv[2]} exists already, and files in it could be replaced; name a new folder")

# %%
original = Image.open(sys.argv[1]).convert("RGB")
original = original.crop((0, 0, original.width // 2 * 2, original.height // 2 * 2))
small = original.resize((original.width // 2, original.height // 2), Image.Resampling.BICUBIC)

folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp(prefix="enlarged-", dir="."))
folder.mkdir(parents=True, exist_ok=True)

# %%
# A Pillow image becomes a Pillow image, an array becomes an array, and a path becomes a Pillow image. Any size will do:
# large pictures are enlarged in tiles, which changes no pixel of the result.
for name in ("bicubic_x2", *zoo.list_models("*_x2_*", pretrained=True)):
    started = time.perf_counter()
    large = zoo.upscale(small, name)
    seconds = time.perf_counter() - started
    metrics = super_resolution_metrics(np.asarray(original), np.asarray(large), 2)
    large.save(folder / f"{name}.png")
    print(f"{name}: {metrics['psnr_y']:.2f} dB, SSIM {metrics['ssim_y']:.4f}, {seconds:.1f} s with loading")

print(f"{folder}: the enlarged pictures")

# %%
# The result can be given a size. It is reduced from what the network makes.
wanted = (round(1.5 * small.width), round(1.5 * small.height))
fitted = zoo.upscale(np.asarray(small), "sesr_x2_subpixel", size=wanted)
print(f"1.5 times as large: {fitted.shape[1]} x {fitted.shape[0]} pixels of {fitted.dtype}")
