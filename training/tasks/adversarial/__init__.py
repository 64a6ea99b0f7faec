"""Train generators against a discriminator."""

from training.tasks.adversarial.endpoints import endpoints
from training.tasks.adversarial.evaluation import VIEW
from training.tasks.adversarial.task import Adversarial
from training.tasks.kind import Kind
from training.tasks.samples import SAMPLE_METRICS, evaluate_samples

KIND = Kind(
    task=Adversarial,
    endpoints=endpoints,
    evaluate=evaluate_samples,
    metrics=SAMPLE_METRICS,
    view=VIEW,
    input_range=None,
)
