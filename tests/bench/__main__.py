"""``make bench``: every benchmark, a ratio a line."""

from tests.bench import intake, recognise

if __name__ == "__main__":
    intake.main()
    recognise.main()
