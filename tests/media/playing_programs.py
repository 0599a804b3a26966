"""A worker module of the tests' own: the program that makes segments, and nothing else."""

from daylight.media.cut import PROGRAM
from daylight.media.segments import segment, warm_up
from daylight.media.zygote import serve

if __name__ == "__main__":
    serve({PROGRAM: segment}, warm_up)
