"""Whatever happens to the bytes of a package, the judge says so and never falls over (R3, R12)."""

from __future__ import annotations

import io
import random
import time
import zipfile
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lagan.bag import BytesReader, Limits, Verdict, judge
from lagan.bag.codes import CLAUSES
from tests.bag.building import as_tar, as_zip, right

PAYLOAD = {
    "data/text.txt": b"All work and no play makes Jack a dull boy.\n" * 50,
    "data/noise.bin": random.Random(1).randbytes(3000),
    "data/ünï/empty": b"",
    **{f"data/many/{number:03}": b"%d" % number for number in range(30)},
}
BAG = right(payload=PAYLOAD, algorithms=["md5", "sha512"])
ARCHIVES = {
    "stored": as_zip(BAG),
    "deflated": as_zip(BAG, base="b/", deflate=True),
    "tar": as_tar(BAG),
    "tar.gz": as_tar(BAG, mode="w:gz"),
}
OUTER = {name: judge(BytesReader(data)).facts.outer for name, data in ARCHIVES.items()}
TIGHT = Limits(total=1 << 20, ratio_from=1 << 16)


def judged(data: bytes) -> Verdict:
    """A verdict in bounded time, whose every finding can be told."""
    start = time.process_time()
    verdict = judge(BytesReader(data), limits=TIGHT, threads=1)
    assert time.process_time() - start < 5
    assert all(each.code in CLAUSES and each.reason for each in verdict.errors + verdict.warnings)
    return verdict


def flips(count: int, seed: int, names: Sequence[str]) -> None:
    chance = random.Random(seed)
    told = 0
    for number in range(count):
        name = names[number % len(names)]
        data = bytearray(ARCHIVES[name])
        bit = chance.randrange(8 * len(data))
        data[bit // 8] ^= 1 << bit % 8
        verdict = judged(bytes(data))
        told += not verdict.valid
        assert verdict.facts.outer != OUTER[name], f"bit {bit} of {name} was not noticed"
    assert told > count * 0.7, "most of the bits are content, which the bag itself guards"


def test_every_flipped_bit_is_found():
    flips(300, 7, list(ARCHIVES))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_ten_thousand_flipped_bits_are_found():
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    flips(10_000, seed, ["stored", "deflated"])
    flips(4_000, seed, ["tar", "tar.gz"])


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_ten_thousand_clean_bags_raise_no_alarm():
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(10_000):
        archive = random_bag(chance)
        verdict = judge(BytesReader(archive), threads=1)
        assert verdict.errors == (), verdict.errors


def random_bag(chance: random.Random) -> bytes:
    """A right bag of any version and algorithms, with any payload, packed in any way."""
    letters = "abcXYZ019 _-.,;()%é\u4e00"
    names = {"".join(chance.choices(letters, k=chance.randint(1, 12))) for _ in range(5)}
    payload = {
        f"data/{each.strip(' .')}x": chance.randbytes(chance.randint(0, 300)) for each in names
    }
    version = chance.choice(["1.0", "0.97", "0.96", "0.95", "0.94", "0.93"])
    algorithms = chance.sample(["md5", "sha1", "sha256", "sha512"], chance.randint(1, 3))
    bag = right(version=version, algorithms=algorithms, payload=payload)
    base = chance.choice(["", "b/"])
    if chance.random() < 0.5:
        return as_zip(bag, base=base, deflate=chance.random() < 0.5)
    return as_tar(bag, base=base, mode=chance.choice(["w", "w:gz"]))


def test_clean_bags_raise_no_alarm():
    chance = random.Random(11)
    for _ in range(100):
        assert judge(BytesReader(random_bag(chance)), threads=1).errors == ()


@pytest.mark.parametrize("name", ["stored", "deflated"])
def test_every_flipped_bit_of_content_is_found_by_the_judge_alone(name: str):
    archive = zipfile.ZipFile(io.BytesIO(ARCHIVES[name]))
    chance = random.Random(3)
    for member in archive.infolist():
        start = member.header_offset + 30 + len(member.filename.encode())
        if member.compress_size < 4:
            continue
        data = bytearray(ARCHIVES[name])
        data[start + chance.randrange(member.compress_size - 2)] ^= 1 << chance.randrange(8)
        assert not judged(bytes(data)).valid, member.filename


@pytest.mark.parametrize("name", ARCHIVES)
def test_whatever_is_cut_off_is_missed(name: str):
    data = ARCHIVES[name]
    # A tar may end anywhere in the zeros that fill its last record.
    last = len(data.rstrip(b"\0")) if name == "tar" else len(data)
    for length in random.Random(5).sample(range(last), 40):
        assert not judged(data[:length]).valid, length


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(ARCHIVES)),
    st.lists(st.tuples(st.integers(0, 1 << 30), st.binary(min_size=1, max_size=8)), max_size=6),
    st.integers(0, 1 << 30),
    st.integers(0, 64),
)
def test_no_mutation_brings_the_judge_down(
    name: str, writes: list[tuple[int, bytes]], place: int, length: int
):
    data = bytearray(ARCHIVES[name])
    for at, piece in writes:
        at %= len(data)
        data[at : at + len(piece)] = piece
    place %= len(data)
    del data[place : place + length]
    judged(bytes(data))


@settings(max_examples=100)
@given(st.sampled_from([b"PK\3\4", b"PK\5\6", b"PK\1\2", b"\x1f\x8b\x08\0", b""]), st.binary())
def test_no_noise_brings_the_judge_down(start: bytes, noise: bytes):
    assert not judged(start + noise).valid


TEXTS = st.one_of(
    st.binary(max_size=200),
    st.text(st.sampled_from("ab01 \t\r\n%*./\\:#é\u2028"), max_size=100).map(str.encode),
)


@settings(max_examples=80)
@given(
    st.sampled_from(sorted(name for name in BAG if not name.startswith("data/")) + ["fetch.txt"]),
    TEXTS,
    st.booleans(),
)
def test_no_tag_file_brings_the_judge_down(name: str, text: bytes, instead: bool):
    bag = BAG | {name: text if instead else BAG.get(name, b"") + text}
    verdict = judged(as_zip(bag))
    assert verdict.valid is (bag == BAG)


def test_swapped_members_and_old_versions_are_found():
    old = right(payload={"data/a": b"old"})
    new = right(payload={"data/a": b"new"})
    for name in old:
        if old[name] != new[name]:
            mixed = new | {name: old[name]}
            assert not judge(BytesReader(as_zip(mixed))).valid, name
