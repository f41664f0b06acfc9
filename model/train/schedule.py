"""Schedules, counted in tokens: the same on any machine."""
from dataclasses import dataclass

WARM_UP = 13_107_200  # tokens in which the rate rises to its full value
LAST = 0.02  # of the rate, at the end


@dataclass(frozen=True)
class Stage:
    """until: tokens of the schedule; mix: shares of text, copy, needle, ask; chosen: chunks a token; noise: in choosing them;
    middle: share of files that become fill-in-the-middle tasks; phrasings: in how many ways a question is asked in a sequence."""
    until: int
    length: int
    batch: int
    mix: tuple
    chosen: int
    noise: bool
    middle: float
    phrasings: int = 1


@dataclass(frozen=True)
class Schedule:
    """rate: of Muon; decay: share of the tokens after which it falls in a straight line."""
    rate: float
    decay: float
    stages: tuple

    @property
    def tokens(self):
        return self.stages[-1].until

    def rate_at(self, seen):
        share = seen / self.tokens
        falling = 1 if share < self.decay else max(LAST, (1 - share) / (1 - self.decay))
        return self.rate * min(1, seen / WARM_UP) * falling


SCHEDULES = {
    # A few steps, to see that everything runs; on a CPU too.
    "try": Schedule(0.015, 0.5, (
        Stage(8_192, 1024, 2, (0.25, 0.25, 0.25, 0.25), 64, False, 0.5),
        Stage(16_384, 2048, 2, (0.25, 0.25, 0.25, 0.25), 16, True, 0.5))),
    # 19 minutes of one H100. Every token of the first 4K sequences tries 64 chunks, so that retrieval is found; then 16, with noise.
    "first": Schedule(0.015, 0.6, (
        Stage(140_000_000, 4096, 32, (0.40, 0.15, 0.15, 0.30), 64, False, 0.05),
        Stage(463_000_000, 8192, 16, (0.46, 0.06, 0.12, 0.36), 16, True, 0.05))),
    # 7 minutes from the weights of "first": much fill-in-the-middle, few needles (they are learned).
    "second": Schedule(0.006, 0.25, (Stage(158_000_000, 8192, 16, (0.54, 0.03, 0.07, 0.36), 16, True, 0.55),)),
    # Tried from the weights of "second": a low rate, more questions, each asked in two ways.
    "third": Schedule(0.003, 0.2, (Stage(52_000_000, 8192, 16, (0.48, 0.02, 0.08, 0.42), 16, True, 0.55, 2),)),
}
