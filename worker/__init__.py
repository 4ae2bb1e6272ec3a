"""The worker: reads what is dropped, for months, without TensorFlow."""
