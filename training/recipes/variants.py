"""Variants of the recipes for other machines: `RECIPE=gpu`.

The recipes in `by_family` are made for two processor cores. A GPU takes a batch many times as large in the same time,
and many more steps. Rows of metrics are further apart, so that more steps run in one call.
"""

from typing import Any

# The learning rates are those of the recipes: an update of Adam or Muon has a length that does not depend on the batch.
# With a tenth of the steps, trainings side by side on an H100 took six minutes: `sesr_x2_subpixel.large` reached
# 37.50 dB on the luma of Set5, `span_x4_subpixel`, begun from the weights of x2, 31.32 dB.
_SUPER_RESOLUTION = {"source": "openphotos+t91+bsds400", "batch": 64, "steps": 300_000, "log_every": 1000}

VARIANTS: dict[str, dict[str, dict[str, Any]]] = {
    "gpu": {
        "ae": {"batch": 256, "steps": 20_000, "log_every": 500},
        "features": {"steps": 12_000, "log_every": 500},
        "vae": {"batch": 256, "steps": 50_000, "log_every": 500},
        # A generator and a discriminator that are in balance at one batch are not at another, so only the steps grow.
        "dcgan": {"steps": 64_000, "log_every": 500},
        # 64 pictures per update and 100,000 updates of the generator, as in Miyato et al. 2018 (arXiv:1802.05957),
        # appendix B.
        "sngan": {"batch": 128, "steps": 100_000, "log_every": 500},
        "espcn": _SUPER_RESOLUTION,
        "fsrcnn": _SUPER_RESOLUTION,
        # Steps and batch are about those of Bhardwaj et al. 2022 (arXiv:2103.09404), section 5.1, on larger patches.
        "sesr": _SUPER_RESOLUTION,
        "span": _SUPER_RESOLUTION,
        # The recipe is the paper's, which is made for a GPU.
        "edsr": {"log_every": 500},
    },
}
"""Fields that differ from a family's recipe, by the variant's name and the family's."""
