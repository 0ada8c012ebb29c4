"""The same network, sum_posterior's tower, in TensorFlow.js and in onnxruntime-web: a folder of files for each.

Both get what serves them best: WebAssembly with SIMD, the smallest of their builds, weights as float16, fused layers.
They compute on one thread, as on any host that does not isolate its pages. npm installs them into a temporary folder;
nothing of npm is kept.
"""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from core.model.forward import Weights

PACKAGES = ("@tensorflow/tfjs-core@4.22.0", "@tensorflow/tfjs-backend-wasm@4.22.0", "onnxruntime-web@1.30.0")
TENSORFLOW = ("@tensorflow/tfjs-core/dist/tf-core.min.js", "@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js")
TENSORFLOW_WASM = "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm"
ONNX = ("onnxruntime-web/dist/ort.wasm.min.js",)
ONNX_WASM = ("ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")

PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>peer</title><link rel="icon" href="data:,">
{scripts}<script>
const sample = {sample};
let read;
async function start() {{
{start}
  await read(sample);
  window.answered = performance.now();
}}
start().catch((error) => window.answered = `failed: ${{error}}`);
</script>
"""
TENSORFLOW_START = """
  tf.wasm.setWasmPaths("./");
  await tf.setBackend("wasm");
  const buffer = await (await fetch("weights.bin")).arrayBuffer(), tensors = {}, shapes = %s;
  let offset = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const count = shape.reduce((a, b) => a * b);
    tensors[name] = tf.tensor(new Float32Array(new Float16Array(buffer, offset, count)), shape);
    offset += 2 * count;
  }
  const convolve = (x, name) => tf.fused.conv2d({ x, filter: tensors[name + ".kernel"], strides: 1, pad: "same",
    bias: tensors[name + ".bias"], activation: "relu" });
  const multiply = (a, name, activation) => tf.fused.matMul({ a, b: tensors[name + ".kernel"],
    bias: tensors[name + ".bias"], activation });
  read = async (greys) => tf.tidy(() => {
    let x = tf.tensor4d(Float32Array.from(greys, (grey) => grey / 255), [1, 28, 28, 1]);
    for (const name of ["conv1", "conv2"]) x = tf.maxPool(convolve(x, name), 2, 2, "valid");
    x = multiply(multiply(tf.reshape(x, [1, -1]), "fc1", "relu"), "fc2", "linear");
    return tf.softmax(x).dataSync();
  });
"""
ONNX_START = """
  Object.assign(ort.env.wasm, { numThreads: 1, wasmPaths: "./" });
  const session = await ort.InferenceSession.create("model.onnx", { executionProviders: ["wasm"] });
  read = async (greys) => {
    const x = new ort.Tensor("float32", Float32Array.from(greys, (grey) => grey / 255), [1, 1, 28, 28]);
    return (await session.run({ x })).y.data;
  };
"""


def install(folder: Path) -> Path:
    """Install the packages into a folder and return where they are. Raises CalledProcessError or FileNotFoundError."""
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, *PACKAGES]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return folder / "node_modules"


def tensorflow(modules: Path, folder: Path, weights: Weights, sample: list[int]) -> None:
    """Write the page that reads by TensorFlow.js, its parts and its weights into a folder."""
    shapes = json.dumps({name: tensor.shape for name, tensor in weights.items()})
    _write(modules, folder, (*TENSORFLOW, TENSORFLOW_WASM), TENSORFLOW, TENSORFLOW_START % shapes, sample)
    (folder / "weights.bin").write_bytes(b"".join(tensor.astype("<f2").tobytes() for tensor in weights.values()))


def onnxruntime(modules: Path, folder: Path, weights: Weights, sample: list[int]) -> None:
    """Write the page that reads by onnxruntime-web, its parts and its model into a folder."""
    parts = (*ONNX, *(f"onnxruntime-web/dist/{name}" for name in ONNX_WASM))
    _write(modules, folder, parts, ONNX, ONNX_START, sample)
    onnx.save(_model(weights), folder / "model.onnx")


def _write(modules, folder, parts, scripts, start, sample):
    folder.mkdir()
    for part in parts:
        shutil.copy(modules / part, folder)
    tags = "".join(f'<script src="{Path(script).name}"></script>' for script in scripts)
    (folder / "index.html").write_text(PAGE.format(scripts=tags, sample=json.dumps(sample), start=start))


def _model(weights):
    """The tower as ONNX: channels come first there, so kernels are turned, and rows of the first FC layer reordered."""
    turned = {name: tensor.transpose(3, 2, 0, 1) if tensor.ndim == 4 else tensor for name, tensor in weights.items()}
    channels, units = weights["conv2.bias"].size, weights["fc1.bias"].size
    by_pixel = weights["fc1.kernel"].reshape(7, 7, channels, units)
    turned["fc1.kernel"] = by_pixel.transpose(2, 0, 1, 3).reshape(-1, units)
    stored = [numpy_helper.from_array(tensor.astype(np.float16), f"{name}.half") for name, tensor in turned.items()]
    nodes = [helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT) for name in turned]
    x = "x"
    for name in ("conv1", "conv2"):
        nodes += [
            helper.make_node("Conv", [x, f"{name}.kernel", f"{name}.bias"], [f"{name}.sum"], auto_pad="SAME_LOWER"),
            helper.make_node("Relu", [f"{name}.sum"], [f"{name}.relu"]),
            helper.make_node("MaxPool", [f"{name}.relu"], [f"{name}.pool"], kernel_shape=[2, 2], strides=[2, 2]),
        ]
        x = f"{name}.pool"
    nodes += [
        helper.make_node("Flatten", [x], ["flat"]),
        helper.make_node("Gemm", ["flat", "fc1.kernel", "fc1.bias"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["active"]),
        helper.make_node("Gemm", ["active", "fc2.kernel", "fc2.bias"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["y"], axis=1),
    ]
    shapes = {"x": [1, 1, 28, 28], "y": [1, 10]}
    inputs, outputs = ([helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[name])] for name in "xy")
    graph = helper.make_graph(nodes, "tower", inputs, outputs, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
