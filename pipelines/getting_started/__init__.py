"""What a new installation still lacks until its first story is approved, and whether it works."""
