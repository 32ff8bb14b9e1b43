"""Every call that can fail fails once, in every dialogue: nothing hangs, leaks or looks complete."""
