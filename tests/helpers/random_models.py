"""Publish super-resolution models with random weights."""

import json
from pathlib import Path

import numpy as np

ENLARGING = {
    "espcn_x3_subpixel": {"filters": 8, "narrow": 6},
    "fsrcnn_x2_subpixel": {"d": 6, "s": 4, "m": 1},
    "sesr_x2_subpixel": {"m": 1, "collapsed": True},
    "span_x2_subpixel": {"blocks": 1, "filters": 6, "collapsed": True},
    "espcn_x4_resize": {"filters": 4, "narrow": 4},
    "edsr_x2_subpixel": {"blocks": 1, "filters": 4},
}


def publish_random(folder: Path, names: dict[str, dict[str, int]]) -> None:
    """Export models whose random weights enlarge visibly, and write their index."""
    import keras

    from training.publishing.saved_model import export
    from zoo.models import build_model
    from zoo.pretrained.load import CARD
    from zoo.system.files import sha256, walk

    index = {}
    for name, arguments in names.items():
        generator = np.random.default_rng(len(name))
        # The first weights are drawn too.
        keras.utils.set_random_seed(len(name))
        model = build_model(name, **arguments)
        weights = [w + 0.02 * generator.standard_normal(w.shape) for w in model.get_weights()]
        export(name, arguments, weights, folder / name)
        facts = {"name": name, "scale": int(name.split("_x")[1][0]), "model_arguments": arguments}
        path = folder / name / CARD
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(facts))
        files = {file.relative_to(folder / name).as_posix(): sha256(file) for file in walk(folder / name)}
        index[name] = {"files": files}
    (folder / "index.json").write_text(json.dumps({"schema": 1, "models": index}))
