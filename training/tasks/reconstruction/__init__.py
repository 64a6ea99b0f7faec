"""Train autoencoders."""

from training.tasks.kind import Kind
from training.tasks.quality import QUALITY
from training.tasks.reconstruction.endpoints import endpoints
from training.tasks.reconstruction.evaluation import evaluate
from training.tasks.reconstruction.task import Reconstruction
from training.tasks.views import DECODER_VIEW

KIND = Kind(task=Reconstruction, endpoints=endpoints, evaluate=evaluate, metrics=QUALITY, view=DECODER_VIEW)
