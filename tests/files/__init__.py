"""What is shipped: the settings file, the wheel, the commands."""
