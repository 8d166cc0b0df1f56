"""What the house should do: room per phase, allocation, supervision, in one pure ``step``."""
