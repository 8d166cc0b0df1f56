"""Houses, chargers and evenings in software: pure, in virtual time, for fixtures, the demo and closed loops."""
