"""Weights in and out: a checkpoint of training (.pt), and model.safetensors with matrices as int8 rows.

    python3 weights.py CHECKPOINT FOLDER MODEL_ID        writes FOLDER/model.safetensors and FOLDER/config.json

The int8 rows are the model: after an export `make_fixtures.py` writes what the engines are tested against.
"""
import json
import os
import sys
from dataclasses import asdict

import torch
from safetensors.torch import load_file, save_file

from layers import Sizes
from model import Model
from tokens import CHUNK

LEVELS = 127


def to_rows(tensors):
    """Matrices -> int8 rows with one float32 scale a row (`NAME.scale`); vectors stay float32."""
    out = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach().float().cpu()
        if tensor.ndim == 2:
            scale = tensor.abs().amax(1).clamp_min(1e-12) / LEVELS
            out[name] = (tensor / scale[:, None]).round().clamp(-LEVELS, LEVELS).to(torch.int8)
            out[name + ".scale"] = scale
        else:
            out[name] = tensor.contiguous()
    return out


def from_rows(tensors):
    return {name: tensor.float() * tensors[name + ".scale"][:, None] if tensor.dtype == torch.int8 else tensor
            for name, tensor in tensors.items() if not name.endswith(".scale")}


def load(path):
    """A model from a checkpoint, or from a folder with config.json and model.safetensors."""
    if not os.path.isdir(path):
        model = Model()
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        return model
    with open(os.path.join(path, "config.json")) as file:
        config = json.load(file)
    model = Model(Sizes(**{**{k: config[k] for k in asdict(Sizes())}, "upper": tuple(config["upper"])}))
    model.load_state_dict(from_rows(load_file(os.path.join(path, "model.safetensors"))))
    return model


def export(checkpoint, folder, model_id):
    model = load(checkpoint)
    os.makedirs(folder, exist_ok=True)
    save_file(to_rows(model.state_dict()), os.path.join(folder, "model.safetensors"))
    config = {**asdict(model.sizes), "upper": list(model.sizes.upper), "model_id": model_id, "chunk": CHUNK}
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file, indent=1)


if __name__ == "__main__":
    export(*sys.argv[1:])
