"""What is asked of who made an artifact, and what other tools make of signatures."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from actra import Actra, ActraArtifactError, Policy

ROOT = Path(__file__).resolve().parents[3]
FILES = ROOT / "conformance" / "signing"
CASES: list[dict[str, Any]] = json.loads((FILES / "cases.json").read_text())
ENTRY = 96


def load(case: dict[str, Any]) -> Policy:
    keys = case["trusted_keys"]
    return Actra.from_artifact(
        FILES / case["file"],
        trusted_keys=None if keys is None else [FILES / name for name in keys],
        min_revision=case["min_revision"],
    )


def test_there_are_cases() -> None:
    assert len(CASES) >= 30


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_every_case_comes_out_as_it_says(case: dict[str, Any]) -> None:
    if case["result"] == "ok":
        load(case)
        return
    with pytest.raises(ActraArtifactError) as caught:
        load(case)
    assert caught.value.code == case["result"]


def test_a_key_is_given_in_any_of_its_forms() -> None:
    file = FILES / "a.pub"
    pem = file.read_text()
    raw = load_pem_public_key(pem.encode()).public_bytes(Encoding.Raw, PublicFormat.Raw)
    for key in (file, str(file), pem, pem.encode(), bytearray(pem.encode()), raw, memoryview(raw)):
        signed = Actra.from_artifact(FILES / "signed.actra", trusted_keys=(key,), min_revision=7)
        assert signed.revision() == 7
    assert Actra.from_artifact(FILES / "unsigned.actra").revision() == 0


def test_what_is_no_key_is_refused_before_the_file_is_read() -> None:
    file = FILES / "signed.actra"
    with pytest.raises(TypeError, match="write `\\[key\\]`"):
        Actra.from_artifact(file, trusted_keys=str(FILES / "a.pub"))
    with pytest.raises(TypeError, match="one key, not a sequence"):
        Actra.from_artifact(file, trusted_keys=(FILES / "a.pub").read_bytes())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a trusted key is a int"):
        Actra.from_artifact(file, trusted_keys=[7])  # type: ignore[list-item]
    with pytest.raises(FileNotFoundError):
        Actra.from_artifact(file, trusted_keys=["nowhere.pub"])
    for key in (b"", b"key", b"x" * 33, "-----BEGIN PUBLIC KEY-----", FILES / "weak.pub"):
        with pytest.raises(ActraArtifactError) as caught:
            Actra.from_artifact(file, trusted_keys=[FILES / "a.pub", key])
        assert caught.value.code == "bad_key"
        assert "trusted key 1" in str(caught.value)


@pytest.mark.parametrize("revision", [-1, 2**64])
def test_a_revision_is_in_64_bits(revision: int) -> None:
    with pytest.raises(ValueError, match="min_revision"):
        Actra.from_artifact(FILES / "signed.actra", min_revision=revision)


@pytest.mark.parametrize("revision", [True, "7", 7.0, None])
def test_a_revision_is_an_int(revision: Any) -> None:
    with pytest.raises(TypeError, match="min_revision"):
        Actra.from_artifact(FILES / "signed.actra", min_revision=revision)


def test_every_changed_byte_is_noticed() -> None:
    data = (FILES / "signed.actra").read_bytes()
    key = (FILES / "a.pub").read_bytes()
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :]
        with pytest.raises(ActraArtifactError):
            Actra.from_artifact(changed, trusted_keys=[key])


def sign_as_the_page_does(artifact: bytes, pem: bytes) -> bytes:
    page = (ROOT / "docs" / "signing.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(program, names)
    signed: bytes = names["sign"](artifact, pem)
    return signed


def test_what_cryptography_signs_is_accepted() -> None:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    artifact = (FILES / "unsigned.actra").read_bytes()
    signed = sign_as_the_page_does(artifact, private)
    policy = Actra.from_artifact(signed, trusted_keys=[public])
    assert policy.to_artifact() == signed
    with pytest.raises(ActraArtifactError) as caught:
        Actra.from_artifact(signed, trusted_keys=[FILES / "a.pub"])
    assert caught.value.code == "unknown_key"


def test_cryptography_makes_the_same_signature() -> None:
    vectors = json.loads((ROOT / "conformance" / "vectors" / "ed25519.json").read_text())
    seed = bytes.fromhex(vectors[0]["secret"])
    der = bytes.fromhex("302e020100300506032b657004220420") + seed
    body = base64.b64encode(der).decode()
    pem = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n".encode()
    signed = (FILES / "signed.actra").read_bytes()
    unsigned = signed[:68] + bytes(4) + signed[72:-ENTRY]
    assert sign_as_the_page_does(unsigned, pem) == signed


def test_cryptography_verifies_a_signature() -> None:
    signed = (FILES / "signed.actra").read_bytes()
    unsigned = signed[:68] + bytes(4) + signed[72:-ENTRY]
    head = f"DSSEv1 30 application/vnd.actra.artifact {len(unsigned)} ".encode()
    key_id, signature = signed[-ENTRY:-64], signed[-64:]
    for name in ("a.pub", "b.pub"):
        key = load_pem_public_key((FILES / name).read_bytes())
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        is_its_key = hashlib.sha256(raw).digest() == key_id
        assert is_its_key == (name == "a.pub")
        if is_its_key:
            key.verify(signature, head + unsigned)  # type: ignore[call-arg, union-attr]
        else:
            with pytest.raises(InvalidSignature):
                key.verify(signature, head + unsigned)  # type: ignore[call-arg, union-attr]
