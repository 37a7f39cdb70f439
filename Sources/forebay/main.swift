print("forebay")
