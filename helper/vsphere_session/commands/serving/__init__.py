"""Serving clone tickets over HTTPS, by the protocol of Kubernetes' cloud provider and storage driver for vSphere."""

from __future__ import annotations
