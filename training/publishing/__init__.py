"""Export a trained model, describe it, and publish it."""
