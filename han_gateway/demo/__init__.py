"""The parts of ``han-gateway demo``: a world in software, a stage to play it on, a screen to see it. The daemon needs none of it."""
