"""Degrade pictures in TensorFlow, as cameras and small files do: by blur, reduction, noise and compression."""
