"""OAuth 2.0 and OpenID Connect: how a token of an identity provider is had, and what vCenter makes of it.

Plain values come in, tokens go out. Nothing here knows of sessions, their cache or where secrets are kept.
"""
