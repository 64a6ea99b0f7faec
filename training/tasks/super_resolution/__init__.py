"""Train super-resolution networks."""

from training.tasks.kind import Kind, Served, View
from training.tasks.super_resolution.endpoints import endpoints, enlarge_own_kind
from training.tasks.super_resolution.evaluation import enlarge_batch, evaluate, source_for
from training.tasks.super_resolution.task import SuperResolution

KIND = Kind(
    task=SuperResolution,
    endpoints=endpoints,
    evaluate=evaluate,
    metrics=("psnr_y", "psnr_rgb", "ssim_y"),
    view=View(output=enlarge_batch),
    served=Served(endpoints=("serve_luma", "serving_default"), of_model=enlarge_own_kind),
    source_for=source_for,
)
