"""Sessions on the wire: one lean HTTP client with a deadline and limits, SOAP and REST on top of it.

Imported only when the network is needed. Why not pyVmomi and requests here, too: both follow the deadline of a single
read only, read answers of any size, and take 180 ms to import; a login needs five small messages.
"""
