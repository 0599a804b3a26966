"""The control of the escape tests: the same programs in the same zygote, without the lock-down.

It is here, and not a switch in the product, so that nothing can turn the sandbox off there.
"""

from probe_programs import PROGRAMS, warm_up

from daylight.media.sandbox import lockdown
from daylight.media.zygote import serve

if __name__ == "__main__":
    lockdown.check = lambda: None
    lockdown.lock_down = lambda cage: None
    serve(PROGRAMS, warm_up)
