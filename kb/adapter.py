"""A question's vector -> where the law that answers it lies: a linear map, learned from the questions in the corpus (ingest/train.py)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from kb.errors import ConfigError

BUNDLED = Path(__file__).with_name("adapter.safetensors")
NAME = "questions"  # of the tensor in the file


@dataclass(frozen=True, slots=True)
class Adapter:
    """What is added to a question's vector before passages are compared with it; the vectors of the law stay as they are.

    Shape: weights is (dimensions, dimensions), float32. Source: a bilinear ranking, as in Bai et al., "Supervised Semantic Indexing", CIKM 2009.
    """

    weights: np.ndarray

    def __call__(self, vector: np.ndarray) -> np.ndarray:
        """The adapted vector, of length 1. Shape: (dimensions,)."""
        moved = vector + vector @ self.weights
        return (moved / np.linalg.norm(moved)).astype(np.float32)


def load_adapter(path: Path, dimensions: int) -> Adapter:
    """The adapter in a safetensors file.

    Raises: ConfigError where the file is missing or damaged, or was made for vectors of another length.
    """
    try:
        weights = load_file(path)[NAME].astype(np.float32)
    except (OSError, KeyError, SafetensorError) as exc:
        raise ConfigError(f"{path} is no query adapter; set KB_ADAPTER=off to do without: {exc}") from exc
    if weights.shape != (dimensions, dimensions) or not np.isfinite(weights).all():
        raise ConfigError(f"{path} adapts vectors of length {weights.shape[0]}, the model's have {dimensions}; set KB_ADAPTER=off")
    return Adapter(weights)
