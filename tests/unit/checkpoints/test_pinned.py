"""What is pinned of other people's files, held to what is known of them, which is written down here once more.

A digit changed in the package alone would refuse the file that everybody has, or take another one for it. The source of
every value is the project's page of facts about the reference systems, `reference-systems.md` (November 2026), sections
on Audiobox-Aesthetics and on LAION-CLAP.
"""

from __future__ import annotations

from drasp_cli.checkpoints.convert import audiobox
from drasp_cli.checkpoints.registry import REGISTRY, ROBERTA, FileFacts, HubAddress

META = HubAddress(
    "facebook/audiobox-aesthetics",
    "9b1dd8e5df9af7216e836a98974fe3b82c56ded6",
    {
        "config.json": FileFacts(492, "sha256:0b8eabc5ced92cefed116a3aca8f1e59d2a33dc4d376b9e86dfb9c072e1d280d"),
        "model.safetensors": FileFacts(
            415_472_992, "sha256:a5a3c2412649cc2384ec525ffd5180ce6c4778f43bed6108e0a1303de04d014e"
        ),
    },
)
META_PICKLE = "sha256:a4931a7a01c3e6733352e9d85371835f03bf9135f8b31e1583c23538811d4a32"  # checkpoint.pt beside them
LAION = HubAddress(
    "lukewys/laion_clap",
    "b3708341862f581175dba5c356a4ebf74a9b6651",
    {
        "music_audioset_epoch_15_esc_90.14.pt": FileFacts(
            2_352_471_003, "sha256:fae3e9c087f2909c28a09dc31c8dfcdacbc42ba44c70e972b58c1bd1caf6dedd"
        )
    },
)
TOKENIZER = HubAddress("FacebookAI/roberta-base", "e2da8e2f811d1448a5b465c236feacd80ffbac7b")


def test_metas_repository_is_the_published_one() -> None:
    assert REGISTRY["audiobox.meta"].hub == META


def test_metas_pickle_is_known_by_its_digest() -> None:
    assert audiobox._published_digests() == {META_PICKLE, *(facts.digest for facts in META.files.values())}


def test_laions_file_is_the_published_one_and_its_tokenizer_robertas() -> None:
    conversion = REGISTRY["clap.laion"].conversion
    assert conversion is not None
    assert (conversion.source, conversion.tokenizer, ROBERTA) == (LAION, TOKENIZER, TOKENIZER)
