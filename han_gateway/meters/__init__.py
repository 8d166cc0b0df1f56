"""What manufacturers made of the standards: profiles as data, the decoder, and a meter in software. Pure."""
