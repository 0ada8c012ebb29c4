"""A network for tests alone: small, of the kinds of layer that few of the app's networks have."""

from core.model.layers import Convolution, Dense, DepthwiseConvolution, GlobalDepthwiseConvolution, MaxPool, ReLU
from core.model.networks import Network

SEPARABLE = Network(
    "separable",
    "",
    (
        *(Convolution(3, 4), ReLU(), MaxPool(), DepthwiseConvolution(4), Convolution(1, 6), ReLU()),
        *(MaxPool(), DepthwiseConvolution(3), GlobalDepthwiseConvolution(7), Dense(10)),
    ),
)
