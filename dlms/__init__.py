"""What the standards say about bytes on a HAN port: HDLC, M-Bus, P1, LLC, DLMS data-notification, general ciphering, A-XDR, OBIS.

Pure: no I/O, no clock, no logging, no configuration, and no manufacturer. Reading goes

    bytes --sniffer.Sniffer.feed--> frame --assembly.Assembler.take--> message --apdu.parse--> Apdu (its body is axdr.Data)

or, where the meter encrypts, message --unsealer.Unsealer.message--> plain message --apdu.parse--> Apdu,

and whatever cannot be believed is a ``rejects.Rejected`` with its reason, never an exception.
"""
