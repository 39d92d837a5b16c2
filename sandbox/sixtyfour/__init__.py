"""The second vendor imitated, Sixtyfour: finds e-mail addresses and telephone numbers, by its documentation alone.

It is served below ``/sixtyfour`` by the same server, over the same people as the first vendor, and has truths, prices,
books and switches of its own. Nothing here is shared with the client.
"""
