"""The parts of `zoo.convert`: read a model's graph, plan each layer's other form, weigh it, and rebuild the model."""
