"""From the configuration to the way to the broker, for all who connect to it. This file must not know what is said there."""

from han_gateway.adapters.broker import Address, BrokerSettings, TlsSettings
from han_gateway.config.load import Config


def settings_of(config: Config, suffix: str = "") -> BrokerSettings:
    """Where the broker is, and who we are there: each connection needs a name of its own.

    A suffix begins with a dot, which no name of a site or a charger has: two with one name throw each other out.
    """
    mqtt = config.mqtt
    host, port = mqtt.address
    return BrokerSettings(
        host=host,
        port=port,
        others=tuple(Address(*other) for other in mqtt.other_addresses),
        username=mqtt.username,
        password=config.password.get_secret_value() if config.password else None,
        tls=TlsSettings(ca_file=mqtt.ca_file, certificate_file=mqtt.cert_file, key_file=mqtt.key_file) if mqtt.tls else None,
        client_id=f"han-gateway-{config.site.name}{suffix}",
    )
