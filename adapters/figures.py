"""What the adapters count.

It is defined here, and not beside the code that counts, because a worker loads an adapter when it
first needs it, and a counter that comes into being with its first event shows no increase.
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram

POSTS_UNREADABLE = Counter(
    "storymill_posts_unreadable_total", "Posts in a listing that were skipped as malformed"
)
ANSWERS_REFUSED = Counter(
    "storymill_script_answers_refused_total",
    "Stories whose answer from the model was missing or unusable",
    ["outcome"],
)
ENCODER_PROBE_FAILURES = Counter(
    "storymill_encoder_probe_failures_total",
    "Videos encoded with the usual setting because their picture could not be measured",
)
ENCODER_SPEED = Histogram(
    "storymill_encoder_speed_ratio",
    "Seconds of finished video that the encoder makes in a second",
    ["encoder"],
    buckets=(0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8, 12, 20, 40),
)
for _encoder in ("libx264", "h264_nvenc"):
    ENCODER_SPEED.labels(_encoder)  # from 0 on, so that the first video shows as an increase
UNKNOWN_STATES = Counter(
    "storymill_tiktok_unknown_states_total", "Statuses of posts that TikTok's documents don't name"
)
