"""AES-GCM and RSA keys, by the OpenSSL that is built into the program or by the package `cryptography`: one interface.

What is encrypted or signed, and where keys and passphrases come from, is never known here; TLS is `http`'s.
"""
