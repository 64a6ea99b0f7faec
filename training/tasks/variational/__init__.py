"""Train variational autoencoders."""

from training.tasks.kind import Kind
from training.tasks.quality import QUALITY
from training.tasks.samples import SAMPLE_METRICS
from training.tasks.variational.endpoints import endpoints
from training.tasks.variational.evaluation import evaluate
from training.tasks.variational.task import Variational
from training.tasks.views import DECODER_VIEW

KIND = Kind(
    task=Variational,
    endpoints=endpoints,
    evaluate=evaluate,
    metrics=("elbo", "log_likelihood", *QUALITY, *SAMPLE_METRICS),
    view=DECODER_VIEW,
)
