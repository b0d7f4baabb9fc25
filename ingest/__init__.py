"""Haven's writer: official publications in, a sealed generation of the knowledge base out."""
