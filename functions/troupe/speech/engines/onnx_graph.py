"""Opens models for onnxruntime."""

from __future__ import annotations

import onnxruntime


def open_graph(model: bytes, threads: int, *outputs: str) -> onnxruntime.InferenceSession:
    """A session on the CPU. `outputs`: names of values inside of the graph that become outputs too,
    after its own. Thread-safe, but each run at the same time needs its own memory."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    return onnxruntime.InferenceSession(
        b"".join((model, *map(_with_output, outputs))), options, providers=["CPUExecutionProvider"]
    )


def _with_output(name: str) -> bytes:
    """What makes a value an output of a graph if it is appended to the file.

    Protobuf merges fields that come again, so this is a ModelProto with only a GraphProto (field 7)
    with only an output (12), a ValueInfoProto with only a name (1).
    https://protobuf.dev/programming-guides/encoding/#last-one-wins
    """
    content = name.encode()
    for field in (1, 12, 7):
        if len(content) > 127:
            raise ValueError(f"the name {name} is too long for one byte of length")
        content = bytes([field << 3 | 2, len(content)]) + content
    return content
