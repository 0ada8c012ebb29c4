"""All that the app knows but its pages. TensorFlow, where a process imports it at all, finds its settings made here."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever else Keras is used for on this machine
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its greetings are not for the user
# off by default where the processor has no AVX-512; there, too, a training step takes half the time with it
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
