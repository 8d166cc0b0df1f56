"""A gateway from a smart meter's HAN port to EV chargers: what each phase may carry under the main fuse, over MQTT."""
