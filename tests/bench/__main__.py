"""``make bench``: every benchmark, a ratio a line."""

from tests.bench import (
    hearing,
    intake,
    ledger,
    placing,
    recognise,
    timeline,
    verify,
    watching,
)

if __name__ == "__main__":
    intake.main()
    verify.main()
    ledger.main()
    recognise.main()
    watching.main()
    placing.main()
    timeline.main()
    hearing.main()
