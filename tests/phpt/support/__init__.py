"""What the phpt runner and the session-suite runner share: paths, PHP, the lab, run-tests.php, apt sources.

Standard library only, so that `/usr/bin/python3` of a fresh machine runs it before any virtual environment exists.
"""
