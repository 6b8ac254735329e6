"""The sandbox: local stand-ins for Reddit, TikTok, Ollama and a mail server.

It is for demos and tests only. One process speaks the services' public protocols, stores what it
receives, and has switches for the faults that the real services show. It does not depend on
Storymill: it imports only third-party libraries, and production code never imports it.

===================  ==========================================================================
``/reddit/``         PRAW's calls, and feeds (also at the root: see ``reddit/api.py``)
``/tiktok/v2/``      authorize page, OAuth, Content Posting API, videos; ``/tiktok/upload/``
``/tiktok/login``    the creators' own pages; then ``/tiktok/tiktokstudio/upload`` and ``content``
``/ollama/api/``     chat, generate, tags, version
SMTP, two ports      accepts mail: ``mail/server.py``
``/sandbox/``        faults, posts, mails, log, settings, clock, reset (``control.py``)
``/``                the same as a web page
===================  ==========================================================================
"""
