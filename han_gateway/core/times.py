"""The times of the law: whatever it waits for by itself, it waits for one of these four, or a few of them.

How slow a charger is and how often a meter sends are figures of the site (``site``), how fast a fuse warms is physics (``heat``). This file must
not know who waits.
"""

SHOWN_MS = 30_000
"""What was asked for has happened by then, and the meter has shown it; a raise has stood. What has not shown is not going to."""
SETTLED_MS = 60_000
"""What has lasted so long is no accident: a kettle has boiled, a car that was paused is awake, an offer is not wanted."""
QUIET_MS = 600_000
"""What has not happened for so long is over."""
TURN_MS = 10_800_000
"""A turn at charging: long enough for contactors and cars to bear the changes of a night, short enough for everybody to have one."""
