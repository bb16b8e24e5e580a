"""Writes the cross-encoder of dsg-index's tests: its logit is how often a token of the query stands in the text.

usage: overlap_onnx.py FILE.onnx        (needs the package `onnx`)
"""

import sys

import onnx
from onnx import TensorProto, helper

shape = ["batch", "length"]
inputs = [
    helper.make_tensor_value_info(name, TensorProto.INT64, shape)
    for name in ("input_ids", "attention_mask", "token_type_ids")
]
one = helper.make_tensor("one", TensorProto.FLOAT, [], [1.0])
axes = {n: helper.make_tensor(f"axis{n}", TensorProto.INT64, [1], [n]) for n in (1, 2)}
both = helper.make_tensor("both", TensorProto.INT64, [2], [1, 2])
node = helper.make_node
nodes = [
    node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
    node("Cast", ["token_type_ids"], ["second"], to=TensorProto.FLOAT),
    node("Sub", ["one", "second"], ["first"]),
    node("Mul", ["mask", "first"], ["query"]),
    node("Mul", ["mask", "second"], ["text"]),
    node("Unsqueeze", ["input_ids", "axis2"], ["rows"]),
    node("Unsqueeze", ["input_ids", "axis1"], ["columns"]),
    node("Equal", ["rows", "columns"], ["equal"]),
    node("Cast", ["equal"], ["same"], to=TensorProto.FLOAT),
    node("Unsqueeze", ["query", "axis2"], ["query_rows"]),
    node("Unsqueeze", ["text", "axis1"], ["text_columns"]),
    node("Mul", ["query_rows", "text_columns"], ["pairs"]),
    node("Mul", ["same", "pairs"], ["shared"]),
    node("ReduceSum", ["shared", "both"], ["count"], keepdims=0),
    node("Unsqueeze", ["count", "axis1"], ["logits"]),
]
output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 1])
graph = helper.make_graph(nodes, "overlap", inputs, [output], [one, *axes.values(), both])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
onnx.checker.check_model(model)
onnx.save(model, sys.argv[1])
