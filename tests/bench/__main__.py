"""``make bench``: every benchmark, a ratio a line."""

from tests.bench import (
    court,
    faces,
    hearing,
    hours,
    intake,
    ledger,
    looking,
    placing,
    recognise,
    redacting,
    sameness,
    timeline,
    verify,
    watching,
)

if __name__ == "__main__":
    intake.main()
    verify.main()
    ledger.main()
    court.main()
    recognise.main()
    sameness.main()
    watching.main()
    looking.main()
    hours.main()
    hearing.main()
    faces.main()
    redacting.main()
    placing.main()
    timeline.main()
