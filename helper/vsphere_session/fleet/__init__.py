"""Sessions that many machines share over an engine which they have already, Redis or Valkey: one document for each place.

Knows no file of a session and nothing of vSphere: what a session is good for is the cache's to say. Imported only where a
fleet is configured and the cache has no answer.
"""
