"""Whoever opens a file whose content is away waits until it is here: on an ordinary Linux
filesystem, by the kernel's permission and pre-access events (fanotify).

A guard owns the events and answers those of files that are here; a mover, which may be killed at
any time, brings content back. See docs/administration/recalld.md.
"""
