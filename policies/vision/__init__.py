"""Eyes for policies: what turns pictures into features. Shared by the methods; nothing here knows a method."""
