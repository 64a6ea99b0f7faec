"""Train variational autoencoders."""

from training.tasks.kind import Kind
from training.tasks.samples import FURTHER_METRICS, MAIN_METRICS
from training.tasks.variational.endpoints import endpoints
from training.tasks.variational.evaluation import evaluate
from training.tasks.variational.task import Variational
from training.tasks.views import DECODER_VIEW

KIND = Kind(
    task=Variational,
    endpoints=endpoints,
    evaluate=evaluate,
    metrics=("elbo", "log_likelihood", "psnr", *MAIN_METRICS, "ssim", "mse", *FURTHER_METRICS),
    view=DECODER_VIEW,
)
