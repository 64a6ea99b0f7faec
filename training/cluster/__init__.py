"""Train in several processes or on several machines together."""

from training.cluster.strategy import STRATEGIES, Jit, Placement, cluster_size, create_strategy, is_chief

__all__ = ["STRATEGIES", "Jit", "Placement", "cluster_size", "create_strategy", "is_chief"]
