"""What the standards say about bytes on a HAN port: HDLC, LLC, DLMS data-notification, general ciphering, A-XDR, COSEM date-time, OBIS.

Pure: no I/O, no clock, no logging, no configuration, and no manufacturer. Reading goes

    bytes --hdlc.Deframer.feed--> Frame --apdu.parse--> Apdu (its body is axdr.Data)

or, where the meter encrypts, Frame --unsealer.Unsealer.message--> plain message --apdu.parse--> Apdu,

and whatever cannot be believed is a ``rejects.Rejected`` with its reason, never an exception.
"""
