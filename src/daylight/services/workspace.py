"""What every service is handed: the vault's store, clock, keys and executor. One process, one vault."""

from collections.abc import Callable
from dataclasses import dataclass

from daylight.domain.clock import Clock
from daylight.domain.digest import Digest
from daylight.media.executor import Executor
from daylight.media.inference.base import Inference, Signature
from daylight.services.keyring import Keyring
from daylight.storage.base import Store
from daylight.storage.layout import Layout


@dataclass(frozen=True, slots=True)
class Workspace:
    """``start_executor(slots)`` starts sandbox slots; whoever starts them closes them.

    ``start_inference(model, digest, signature)`` gives a model's worker, on the same terms.
    """

    layout: Layout
    store: Store
    clock: Clock
    keyring: Keyring
    start_executor: Callable[[int], Executor]
    start_inference: Callable[[bytes, Digest, Signature], Inference]
