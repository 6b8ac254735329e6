"""The sandbox: local stand-ins for Reddit, TikTok, Ollama and a mail server.

It is for demos and tests only. One process speaks the public wire protocols of the services, keeps
what it was sent, and has switches for the faults that the real services show. It knows nothing of
the program it serves: it imports third-party libraries only, and production code never imports it.

===================  ==========================================================================
``/reddit/``         what PRAW asks, and feeds (also at the root: see ``reddit.py``)
``/tiktok/v2/``      authorize page, OAuth, Content Posting API, videos; ``/tiktok/upload/``
``/tiktok/login``    the creators' own pages; then ``/tiktok/tiktokstudio/upload`` and ``content``
``/ollama/api/``     chat, generate, tags, version
SMTP, two ports      takes mail: ``mail.py``
``/sandbox/``        faults, posts, mails, log, settings, clock, reset (``control.py``)
``/``                the same for people
===================  ==========================================================================
"""
