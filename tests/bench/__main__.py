"""``make bench``: every benchmark, a ratio a line."""

from tests.bench import intake, recognise, watching

if __name__ == "__main__":
    intake.main()
    recognise.main()
    watching.main()
