"""In place of `redis._parsers`: what reads an answer here, without those for C, for clusters and for asyncio."""

from __future__ import annotations

from redis._parsers.base import BaseParser
from redis._parsers.encoders import Encoder
from redis._parsers.resp2 import _RESP2Parser
from redis._parsers.resp3 import _RESP3Parser

__all__ = ["BaseParser", "Encoder", "_HiredisParser", "_RESP2Parser", "_RESP3Parser"]

_HiredisParser = None
