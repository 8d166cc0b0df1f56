"""What touches the world: serial ports, files, brokers, metrics, systemd and the one clock. No decisions."""
