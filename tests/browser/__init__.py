"""Chromium, driven from Python."""

from .browser import Browser

__all__ = ["Browser"]
