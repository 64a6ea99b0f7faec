"""What happens to a picture between a scene and a small file: blur, reduction, noise and compression, in TensorFlow."""
