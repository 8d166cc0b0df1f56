"""The house in the words of others: topics of MQTT, Home Assistant, an amsreader, the file of what was learned. Nothing in the law knows them."""
