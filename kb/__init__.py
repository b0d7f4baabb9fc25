"""Haven's reader: a question in, ranked passages and a cited answer out."""
