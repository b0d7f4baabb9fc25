"""The pages of app.py, one file a page; frame, session, update and verbatim are what they share."""
