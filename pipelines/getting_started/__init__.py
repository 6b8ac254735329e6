"""What a new installation still lacks until its first post is published, and whether it works."""
