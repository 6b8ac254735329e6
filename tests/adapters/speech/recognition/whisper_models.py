"""A Whisper model of a few hundred kilobytes, made here: it hears one sentence in everything.

Its decoder looks at nothing but the position of the next token, so it always says the same words;
the encoder, the search, the timestamps and the alignment by attention are the real ones.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from ctranslate2.specs.whisper_spec import WhisperSpec
from tokenizers import AddedToken, Tokenizer
from tokenizers.decoders import ByteLevel as Decoder
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Metaspace, Sequence, WhitespaceSplit

SIZE = 64
POSITIONS = 448
FRAMES = 1500
MELS = 80


def make_model(folder: Path, sentence: str, seconds: float = 4.0) -> Path:
    """Write a model that hears ``sentence`` (one token a word; at most 50)."""
    folder.mkdir(parents=True)
    tokenizer = _tokenizer(sentence)
    tokenizer.save(str(folder / "tokenizer.json"))
    ids = tokenizer.get_vocab()
    vocabulary = sorted(ids, key=ids.__getitem__)
    begin = ids["<|notimestamps|>"] + 1
    text = tokenizer.encode(f" {sentence}", add_special_tokens=False).ids
    said = [begin, *text, begin + round(seconds / 0.02), ids["<|endoftext|>"]]
    spec = _spec(len(vocabulary), said)
    spec.register_vocabulary(vocabulary)
    spec.config.lang_ids = [ids["<|en|>"]]
    spec.config.alignment_heads = [(0, 0)]
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.validate()
    spec.optimize()
    spec.save(str(folder))
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"feature_size": MELS, "sampling_rate": 16_000, "hop_length": 160})
    )
    return folder


def _tokenizer(sentence: str) -> Tokenizer:
    words = dict.fromkeys(["<unk>", *(f"\u0120{word}" for word in sentence.split())])
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(WordLevel(vocab=vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Sequence([WhitespaceSplit(), Metaspace(replacement="\u0120")])
    tokenizer.decoder = Decoder()
    names = ["endoftext", "startoftranscript", "en", "translate", "transcribe", "startoflm"]
    names += ["startofprev", "nospeech", "notimestamps"]
    names += [f"{number * 0.02:.2f}" for number in range(FRAMES + 1)]
    tokenizer.add_special_tokens([AddedToken(f"<|{name}|>", special=True) for name in names])
    return tokenizer


def _spec(vocabulary: int, said: list[int]) -> WhisperSpec:
    chance = np.random.default_rng(5)

    def noise(*shape: int) -> np.ndarray:
        return (chance.standard_normal(shape) * 0.05).astype(np.float32)

    def norm(layer: object) -> None:
        layer.gamma = np.ones(SIZE, np.float32)  # type: ignore[attr-defined]
        layer.beta = np.zeros(SIZE, np.float32)  # type: ignore[attr-defined]

    def linear(layer: object, out: int, into: int, scale: float) -> None:
        layer.weight = noise(out, into) * scale  # type: ignore[attr-defined]
        layer.bias = np.zeros(out, np.float32)  # type: ignore[attr-defined]

    spec = WhisperSpec(1, 1, 1, 1)
    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = noise(SIZE, MELS, 3), noise(SIZE)
    encoder.conv2.weight, encoder.conv2.bias = noise(SIZE, SIZE, 3), noise(SIZE)
    encoder.position_encodings.encodings = noise(FRAMES, SIZE)
    norm(encoder.layer_norm)
    norm(decoder.layer_norm)
    layers = [(encoder.layer[0], 1.0), (decoder.layer[0], 0.0)]
    for layer, scale in layers:
        norm(layer.self_attention.layer_norm)
        linear(layer.self_attention.linear[0], 3 * SIZE, SIZE, scale)
        linear(layer.self_attention.linear[1], SIZE, SIZE, scale)
        norm(layer.ffn.layer_norm)
        linear(layer.ffn.linear_0, 4 * SIZE, SIZE, scale)
        linear(layer.ffn.linear_1, SIZE, 4 * SIZE, scale)
    cross = decoder.layer[0].attention
    norm(cross.layer_norm)
    linear(cross.linear[0], SIZE, SIZE, 1.0)
    linear(cross.linear[1], 2 * SIZE, SIZE, 1.0)
    linear(cross.linear[2], SIZE, SIZE, 0.0)
    decoder.embeddings.weight = np.zeros((vocabulary, SIZE), np.float32)
    positions = np.zeros((POSITIONS, SIZE), np.float32)
    projection = np.zeros((vocabulary, SIZE), np.float32)
    for place, token in enumerate(said):
        positions[place + 2, place] = 1.0  # the prompt has three tokens
        projection[token, place] += 8.0
    decoder.position_encodings.encodings = positions
    decoder.projection.weight = projection
    decoder.projection.bias = np.zeros(vocabulary, np.float32)
    return spec
