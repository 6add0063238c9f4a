"""`make soak`: promises about large numbers, counted.

Whether a session was stale, a change lost or a lock held twice shows only in many requests on many workers. Each trial sends them, checks
every single answer, and holds what it counted against the promise. The short form of each runs in tests/e2e.
"""
