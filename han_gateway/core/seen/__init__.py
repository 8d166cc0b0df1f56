"""What the meter shows of a charger that its reports do not say: above all of one that reports nothing. Part of the law."""
