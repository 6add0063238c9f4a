"""A worker that serves many requests stays as large as it was."""

from browsing import Guest

from harness.fpm import Fpm
from harness.lab import Lab

WARM_UP, REQUESTS = 1000, 10_000
# The C library's arenas may still grow by a block or two; a leak of 100 bytes a request would be 1000 KiB.
ALLOWED_KIB = 512


def test_ten_thousand_requests_in_one_worker(lab: Lab, start_fpm) -> None:
    host: Fpm = start_fpm("memory", workers=1)
    guest = Guest(host)
    pids = set()

    def serve(count: int) -> None:
        for number in range(count):
            # One in five changes the session; one in fifty belongs to a visitor without a session.
            if number % 50 == 49:
                pids.add(Guest(host).ok("fresh")["pid"])
            else:
                pids.add(guest.ok("put", text=str(number % 7), strict=number % 2)["pid"] if number % 5 == 0 else guest.ok()["pid"])

    serve(WARM_UP)
    (pid,) = host.pids()
    samples = [host.anonymous_kib(pid)]
    for _ in range(5):
        serve(REQUESTS // 5)
        samples.append(host.anonymous_kib(pid))
    host.stop()
    print(f"anonymous memory of the worker (KiB), after {WARM_UP} requests and every {REQUESTS // 5} more: {samples}")
    assert pids == {pid}, "one worker served all"
    assert samples[-1] - samples[0] <= ALLOWED_KIB, samples
